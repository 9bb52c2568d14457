import { describe, expect, test } from 'vitest'
import { CallbackError } from '../errors.ts'
import type { LogEntry } from '../log/log-writer.ts'
import { engineOf } from './brand.ts'
import type { FindingEvent } from './events.ts'
import { createGuard, type Guard } from './guard.ts'
import { send, watchedGuard } from '../../../../test/support/watched-guard.ts'

const unsafe = 'SET a.b = 1'
const entry: LogEntry = { level: 'info', message: 'hello', fields: { event: 'info' } }

function faultsOf(guard: Guard): Error[] {
  const faults: Error[] = []
  guard.on('fault', (fault) => void faults.push(fault))
  return faults
}

describe('a listener of the application that fails', () => {
  test('is named by its event, its name and its file, not as a bug of poolsafe', () => {
    const { guard, logged } = watchedGuard()
    const faults = faultsOf(guard)
    const cause = new Error('no disk')
    guard.on('finding', function countFindings() {
      cause.stack = new Error(cause.message).stack!
      throw cause
    })
    expect(send(guard, unsafe)).toBeUndefined()
    expect(faults).toHaveLength(1)
    expect(faults[0]).toBeInstanceOf(CallbackError)
    expect(faults[0]).toMatchObject({ callback: "the listener countFindings of 'finding'", cause })
    expect(faults[0]?.message).toMatch(
      /^the listener countFindings of 'finding' threw at \S.*callback-failure\.test\.ts:\d+:\d+\)?; poolsafe called it for your application: catch errors inside it$/,
    )
    expect(logged.find((line) => line.includes('countFindings'))).toContain(': Error: no disk')
    expect(logged.join()).not.toContain('bug of poolsafe')
  })

  test('is named if its promise is rejected', async () => {
    const { guard } = watchedGuard()
    const faults = faultsOf(guard)
    guard.on('finding', async () => {
      throw new Error('later')
    })
    send(guard, unsafe)
    await expect.poll(() => faults).toHaveLength(1)
    expect(faults[0]?.message).toMatch(/^a listener of 'finding' rejected at /)
  })

  test.each([undefined, null, 'text', Object.create(null), Symbol('s')])('may throw %o', (cause) => {
    const { guard, logged } = watchedGuard()
    const faults = faultsOf(guard)
    guard.on('finding', () => {
      throw cause
    })
    expect(send(guard, unsafe)).toBeUndefined()
    expect(faults[0]).toMatchObject({ callback: "a listener of 'finding'", cause })
    expect(logged.filter((line) => line.includes("a listener of 'finding' threw;"))).toHaveLength(1)
  })

  test('may be a Proxy that throws at every property', () => {
    const { guard } = watchedGuard()
    const faults = faultsOf(guard)
    const fail = (): never => {
      throw new Error('closed')
    }
    guard.on('finding', new Proxy(fail, { get: fail }))
    expect(send(guard, unsafe)).toBeUndefined()
    expect(faults[0]).toMatchObject({ callback: "a listener of 'finding'" })
  })

  test('has another name each time: the memory is bounded, and faults of poolsafe are still reported', () => {
    const { guard } = watchedGuard()
    const faults = faultsOf(guard)
    for (let index = 0; index < 1000; index++) {
      const listener = (): never => {
        throw new Error('closed')
      }
      const forget = guard.on('finding', Object.defineProperty(listener, 'name', { value: `listener${index}` }))
      send(guard, unsafe)
      forget()
    }
    expect(faults).toHaveLength(100)
    engineOf(guard).fault('think', new Error('no'))
    expect(faults.at(-1)).toMatchObject({ name: 'PoolsafeFault' })
  })

  test('does not hide the failure of another one, and each is reported once', () => {
    const { guard } = watchedGuard()
    const faults = faultsOf(guard)
    guard.on('finding', function first() {
      throw new Error('1')
    })
    guard.on('finding', function second() {
      throw new Error('2')
    })
    for (let times = 0; times < 3; times++) send(guard, unsafe)
    expect(faults.map((fault) => (fault as CallbackError).callback)).toEqual([
      "the listener first of 'finding'",
      "the listener second of 'finding'",
    ])
  })

  test('is not waited for if its promise never settles', () => {
    const { guard } = watchedGuard()
    guard.on('finding', async () => new Promise(() => {}))
    expect(send(guard, unsafe)).toBeUndefined()
  })

  test('may cause its own event: the chain ends, and the fault says so', () => {
    const { guard } = watchedGuard()
    const faults = faultsOf(guard)
    const events: FindingEvent[] = []
    guard.on('finding', (event) => {
      events.push(event)
      send(guard, `${unsafe}${events.length}`)
    })
    expect(send(guard, unsafe)).toBeUndefined()
    expect(events).toHaveLength(8)
    expect(faults).toHaveLength(1)
    expect(faults[0]?.cause).toMatchObject({ message: 'each call of the listener causes the event again' })
    send(guard, 'SET c.d = 1')
    expect(events).toHaveLength(16)
  })
})

describe('a logger of the application that fails', () => {
  test.each([
    [
      'threw',
      () => {
        throw new Error('full')
      },
    ],
    ['rejected', async () => Promise.reject(new Error('full'))],
  ])('is named: it %s', async (happened, warn) => {
    const guard = createGuard({ logger: { warn } })
    const faults = faultsOf(guard)
    expect(send(guard, unsafe)).toBeUndefined()
    await expect.poll(() => faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({ callback: "the logger's warn()", cause: { message: 'full' } })
    expect(faults[0]?.message).toContain(`the logger's warn() ${happened} at `)
  })

  test('is not waited for if its promise never settles', () => {
    const guard = createGuard({ logger: { warn: async () => new Promise(() => {}) } })
    expect(send(guard, unsafe)).toBeUndefined()
  })

  test('may send an unsafe statement itself', () => {
    const logged: string[] = []
    const guard: Guard = createGuard({
      logger: {
        warn(message) {
          logged.push(message)
          send(guard, unsafe)
        },
      },
    })
    expect(send(guard, unsafe)).toBeUndefined()
    expect(logged).toHaveLength(1)
  })

  test('stops no message of an adapter', () => {
    const guard = createGuard({
      logger: {
        warn() {},
        info() {
          throw new Error('full')
        },
      },
    })
    const faults = faultsOf(guard)
    expect(() => engineOf(guard).write(entry)).not.toThrow()
    expect(faults[0]).toMatchObject({ callback: "the logger's info()" })
  })
})
