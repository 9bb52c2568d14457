import { afterEach, describe, expect, test } from 'vitest'
import type { SlowQueryEvent } from '../events.ts'
import { entryOf } from './slow-line.ts'

const event: SlowQueryEvent = {
  level: 'slow',
  thresholdMillis: 1000,
  unlogged: 0,
  plan: undefined,
  noPlan: undefined,
  operation: 'Order.findMany',
  layer: 'prisma',
  summary: 'SELECT orders',
  kind: 'select',
  statement: 'SELECT id FROM orders WHERE total > ?',
  fingerprint: '0123456789abcdef',
  durationMillis: 1840,
  poolWaitMillis: 310,
  poolerWaitMillis: 0,
  executionMillis: 1530,
  rows: 41,
  failed: false,
  sqlState: undefined,
  transactionMillis: 2100,
  place: 'list (src/orders.ts:14:5)',
  request: 'GET /orders',
  tag: 'reports',
  pool: 'localhost:6432/shop',
}
const rest = { count: 41, longestMillis: 5200, overMillis: 60_000 }
const none = { count: 0, longestMillis: 0, overMillis: 0 }

test('one line tells everything', () => {
  expect(entryOf(event, rest)).toMatchObject({
    level: 'warn',
    message:
      'slow query: Order.findMany took 1840 ms (pool wait 310 ms, pooler wait 0 ms, execution 1530 ms), 41 rows, transaction 2100 ms old, request GET /orders, tag reports, pool localhost:6432/shop, at list (src/orders.ts:14:5), fingerprint 0123456789abcdef, and 41 more in the last 60 s, longest 5200 ms: SELECT id FROM orders WHERE total > ?',
  })
})

test('a name that holds line breaks, or what a terminal obeys, stays in its line', () => {
  const { message, terminal } = entryOf(
    { ...event, statement: 'SELECT 1 AS "a\n[poolsafe] b\u001b[31m"', operation: 'a\nb' },
    none,
  )
  expect(message).toContain('SELECT 1 AS "a [poolsafe] b [31m"')
  expect(message).not.toContain('\n')
  expect(terminal).not.toMatch(/^\[poolsafe\] b/m)
  expect(terminal).not.toContain('\u001b[31m"')
})

test('unknown facts are left out', () => {
  const bare = {
    operation: undefined,
    rows: undefined,
    transactionMillis: undefined,
    place: undefined,
    request: undefined,
    tag: undefined,
  }
  const { message } = entryOf(
    { ...event, ...bare, pool: undefined, poolerWaitMillis: undefined, layer: 'kysely' },
    none,
  )
  expect(message).toBe(
    'slow query: SELECT orders by kysely took 1840 ms (pool wait 310 ms, pooler wait unknown, execution 1530 ms), fingerprint 0123456789abcdef: SELECT id FROM orders WHERE total > ?',
  )
})

test('a very slow one is an error, a failure has its SQLSTATE', () => {
  const { level, message } = entryOf({ ...event, level: 'verySlow', failed: true, sqlState: '57014' }, none)
  expect(level).toBe('error')
  expect(message).toMatch(/^very slow query: Order\.findMany failed after 1840 ms .*, SQLSTATE 57014, /)
})

test('a plan is in the line, or why there is none', () => {
  expect(entryOf({ ...event, plan: 'Limit\n  Seq Scan on orders' }, none).message).toMatch(
    / > \?; plan: Limit \| {3}Seq Scan on orders$/,
  )
  expect(entryOf({ ...event, noPlan: '42P01' }, none).message).toContain(', no plan: 42P01: SELECT')
})

test('the fields are the event, and the rest', () => {
  const { plan, noPlan, ...told } = event
  expect(entryOf(event, rest).fields).toEqual({
    event: 'slowQuery',
    ...told,
    plan,
    noPlan,
    unlogged: 41,
    longestUnloggedMillis: 5200,
    unloggedInMillis: 60_000,
  })
})

test('durations among the fields have no more than microseconds', () => {
  expect(entryOf({ ...event, durationMillis: 2114.617406999998 }, none).fields).toMatchObject({
    durationMillis: 2114.617,
  })
})

describe('on a terminal', () => {
  const { NO_COLOR, FORCE_COLOR } = process.env
  afterEach(() => {
    restore('NO_COLOR', NO_COLOR)
    restore('FORCE_COLOR', FORCE_COLOR)
  })
  function restore(name: string, value: string | undefined): void {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }

  test('it is a few rows', () => {
    delete process.env.FORCE_COLOR
    process.env.NO_COLOR = '1'
    expect(entryOf({ ...event, plan: 'Limit\n  Seq Scan on orders' }, rest).terminal?.split('\n')).toEqual([
      'slow query: Order.findMany took 1840 ms',
      '  spent      pool wait 310 ms, pooler wait 0 ms, execution 1530 ms',
      '  statement  SELECT id FROM orders WHERE total > ?',
      '  by         list (src/orders.ts:14:5)',
      '  with       41 rows, transaction 2100 ms old, request GET /orders, tag reports, pool localhost:6432/shop',
      '  others     and 41 more in the last 60 s, longest 5200 ms',
      '  plan       Limit',
      '               Seq Scan on orders',
      '  like it    fingerprint 0123456789abcdef',
    ])
  })

  test('its colour is yellow, and red where it is very slow', () => {
    delete process.env.NO_COLOR
    process.env.FORCE_COLOR = '1'
    expect(entryOf(event, none).terminal).toContain('\u001b[33mslow query\u001b[39m')
    expect(entryOf({ ...event, level: 'verySlow' }, none).terminal).toContain('\u001b[31mvery slow query\u001b[39m')
  })
})
