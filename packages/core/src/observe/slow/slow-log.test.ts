import { engineOf } from '../../guard/brand.ts'
import { origins, type Origin } from '../../stack/origin.ts'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createGuard, type Guard } from '../../guard/guard.ts'
import { InvalidOptionError } from '../../errors.ts'
import { performance } from '../../measure/real-time.ts'
import type { SlowQueryEvent } from '../events.ts'
import type { ObserveOptions } from '../options.ts'
import { withRequestScope } from '../repeated/request-scope.ts'

interface Watched {
  readonly guard: Guard
  readonly events: SlowQueryEvent[]
  readonly lines: string[]
  /** Sends a statement that takes `millis` on the clock of the process. */
  take(millis: number, origin?: Origin, tag?: string): Promise<SlowQueryEvent | undefined>
}

const sql = 'SELECT * FROM orders WHERE id = 1'

// poolsafe's clock stands still: a statement takes what the test says, however busy the machine is.
beforeEach(() => void vi.spyOn(performance, 'now').mockReturnValue(0))
afterEach(() => void vi.restoreAllMocks())

function watched(observe: ObserveOptions): Watched {
  const events: SlowQueryEvent[] = []
  const lines: string[] = []
  const guard = createGuard({ observe, logger: { warn: (line) => void lines.push(line) } })
  guard.on('slowQuery', (event) => void events.push(event))
  const observer = engineOf(guard).observer ?? expect.fail()
  const take = async (millis: number, origin?: Origin, tag?: string): Promise<SlowQueryEvent | undefined> => {
    const begin = (): ReturnType<typeof observer.begin> => observer.begin(sql, 'pg', take)
    const inRequest = tag === undefined ? begin : (): ReturnType<typeof begin> => withRequestScope({ tag }, begin)
    const execution = origin === undefined ? inRequest() : origins.run(origin, inRequest)
    execution.checkoutWaitMillis = millis
    const count = events.length
    observer.end(execution)
    await turn()
    return events.length > count ? events.at(-1) : undefined
  }
  return { guard, events, lines, take }
}

const report = { operation: 'Report.aggregate' }

test('a limit by model is that of its operations alone', async () => {
  const { take } = watched({ slowQueryThresholds: [{ model: 'Report', slowQueryMillis: 10_000 }] })
  expect(await take(5000, report)).toBeUndefined()
  expect(await take(20_000, report)).toMatchObject({ level: 'slow', thresholdMillis: 10_000 })
  expect(await take(40_000, report)).toMatchObject({ level: 'verySlow', thresholdMillis: 30_000 })
  expect(await take(5000, { operation: 'ReportLine.findMany' })).toMatchObject({
    level: 'verySlow',
    thresholdMillis: 3000,
  })
})

test('a limit by operation, and one by tag', async () => {
  const { take } = watched({
    slowQueryThresholds: [
      { operation: 'Report.aggregate', slowQueryMillis: 100, verySlowQueryMillis: 200 },
      { tag: 'nightly', slowQueryMillis: 60_000 },
    ],
  })
  expect(await take(150, report)).toMatchObject({ level: 'slow', thresholdMillis: 100 })
  expect(await take(150, { operation: 'Report.findMany' })).toBeUndefined()
  expect(await take(50_000, undefined, 'nightly')).toBeUndefined()
  expect(await take(50_000, undefined, 'daily')).toMatchObject({ level: 'verySlow', tag: 'daily' })
})

test('the first limit that fits counts, and Infinity disables it', async () => {
  const { take } = watched({
    slowQueryThresholds: [
      { operation: 'Report.aggregate', slowQueryMillis: Infinity },
      { model: 'Report', slowQueryMillis: 100 },
    ],
  })
  expect(await take(1e9, report)).toBeUndefined()
  expect(await take(150, { operation: 'Report.count' })).toMatchObject({ thresholdMillis: 100 })
})

test('a call site that a layer above adds after the statement has ended is logged', async () => {
  const { take, lines } = watched({})
  const origin: { operation: string; stack?: string } = { operation: 'User.findMany' }
  const taken = take(2000, origin)
  origin.stack = '    at list (/srv/shop/users.ts:12:5)'
  expect(await taken).toMatchObject({ place: 'list (/srv/shop/users.ts:12:5)' })
  expect(lines[0]).toMatch(/slow query: User\.findMany took 2000 ms .*, at list \(\/srv\/shop\/users\.ts:12:5\), /)
})

test('nothing is logged in the turn in which the statement ends', async () => {
  const { take, events } = watched({})
  const taken = take(2000)
  expect(events).toEqual([])
  await taken
  expect(events).toHaveLength(1)
})

test('both levels are counted, with the very slow among the slow', async () => {
  const { guard, take } = watched({})
  for (const millis of [10, 1500, 2500, 3500]) await take(millis)
  expect(guard.stats()).toMatchObject({ totalQueries: 4, slowQueries: 3, verySlowQueries: 1 })
})

test('a guard that observes nothing counts nothing', () => {
  expect(createGuard({ observe: false }).stats()).toMatchObject({ slowQueries: 0, verySlowQueries: 0 })
})

test('a line that follows tells the rest', async () => {
  const { take, lines } = watched({ slowQuerySampleRate: 0.5 })
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.9)
  await take(1100)
  await take(2300)
  random.mockReturnValue(0.1)
  await take(1200)
  expect(lines).toEqual([
    expect.stringMatching(/took 1200 ms .*, and 2 more in the last 0 ms, longest 2300 ms: SELECT/),
  ])
})

test.each(['slowQueryMilis', 'explain', 'threshold'])('the option %s, which does not exist, is refused', (name) => {
  expect(() => createGuard({ observe: { [name]: 1 } })).toThrow(InvalidOptionError)
})
