import { expect, test } from 'vitest'
import type { Clock } from '../../measure/clock.ts'
import { SlowRepeats, type Rest, type Slow } from './slow-repeats.ts'

/** A clock that the test moves. */
class Hands implements Clock {
  #now = 0
  #due: { readonly at: number; readonly act: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(millis: number, act: () => void): () => void {
    this.#due.push({ at: this.#now + millis, act })
    return () => {}
  }

  move(millis: number): void {
    this.#now += millis
    const due = this.#due.filter(({ at }) => at <= this.#now)
    this.#due = this.#due.filter(({ at }) => at > this.#now)
    for (const { act } of due) act()
  }
}

interface Told extends Rest {
  readonly worst: Slow
}

const minute = 60_000

function repeats(): {
  readonly clock: Hands
  readonly told: Told[]
  note(slow?: Partial<Slow>, isSampled?: boolean, name?: string): boolean
} {
  const clock = new Hands()
  const told: Told[] = []
  const all = new SlowRepeats<Slow>(minute, clock, (worst, rest) => void told.push({ worst, ...rest }))
  const note = (slow: Partial<Slow> = {}, isSampled = true, name = 'a'): boolean =>
    all.note(name, { level: 'slow', durationMillis: 1200, ...slow }, isSampled).isLogged
  return { clock, told, note }
}

test('the first statement of a fingerprint is logged, the others of its interval are not', () => {
  const { note } = repeats()
  expect([note(), note(), note()]).toEqual([true, false, false])
})

test('fingerprints have an interval each', () => {
  const { note } = repeats()
  expect([note({}, true, 'a'), note({}, true, 'b')]).toEqual([true, true])
})

test('the end of the interval tells the worst of the rest, and how many others there were', () => {
  const { clock, told, note } = repeats()
  note({ durationMillis: 9000 })
  note({ durationMillis: 5200 })
  note({ durationMillis: 2000 })
  note({ durationMillis: 4000, level: 'verySlow' })
  clock.move(minute)
  expect(told).toEqual([
    { worst: { level: 'verySlow', durationMillis: 4000 }, count: 2, longestMillis: 5200, overMillis: minute },
  ])
})

test('the line at the end of an interval is that of the next one', () => {
  const { clock, told, note } = repeats()
  note()
  note()
  clock.move(minute)
  expect(note()).toBe(false)
  clock.move(minute)
  expect(told).toHaveLength(2)
  clock.move(minute)
  expect(told).toHaveLength(2)
  expect(note()).toBe(true)
})

test('an interval that was quiet is not told, and the next slow one is logged', () => {
  const { clock, told, note } = repeats()
  note()
  clock.move(minute)
  expect(told).toEqual([])
  expect(note()).toBe(true)
})

test('a statement outside the sample is counted, never logged, and the next line reports it', () => {
  const clock = new Hands()
  const told: unknown[] = []
  const all = new SlowRepeats<Slow>(minute, clock, (worst) => void told.push(worst))
  const slow: Slow = { level: 'slow', durationMillis: 1500 }
  expect(all.note('a', slow, false)).toMatchObject({ isLogged: false, rest: { count: 0 } })
  clock.move(minute)
  expect(all.note('a', slow, false)).toMatchObject({ isLogged: false, rest: { count: 1 } })
  clock.move(10 * minute)
  expect(told).toEqual([])
  expect(all.note('a', slow, true)).toEqual({
    isLogged: true,
    rest: { count: 2, longestMillis: 1500, overMillis: 11 * minute },
  })
})

test('a thousand fingerprints are remembered, of more the first are forgotten', () => {
  const { note } = repeats()
  for (let index = 0; index < 1000; index++) expect(note({}, true, `${index}`)).toBe(true)
  expect(note({}, true, '0')).toBe(false)
  expect(note({}, true, 'one more')).toBe(true)
  expect(note({}, true, '999')).toBe(false)
  expect(note({}, true, '0')).toBe(true)
})
