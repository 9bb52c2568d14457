import { guardPool } from '@poolsafe/pg'
import type { PgBouncerServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import pgOldest from 'pg-oldest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { queuesAndFailures } from './failures.ts'
import { callForms } from './forms.ts'
import { startLoggingServer, toldOf, watchedGuard, type LoggingServer } from './harness.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

let logging: LoggingServer
let pooler: PgBouncerServer
beforeAll(async () => {
  logging = await startLoggingServer()
  pooler = await startPgBouncer({ target: logging.server })
  const admin = new pg.Client(logging.server.url)
  await admin.connect()
  await admin.query('CREATE TABLE goods (id int PRIMARY KEY)')
  await admin.end()
})
afterAll(async () => {
  await pooler.stop()
  await logging.stop()
})

const setups = [
  { name: 'pg', module: pg, url: () => logging.server.url, isPooled: false },
  { name: 'the oldest pg', module: pgOldest, url: () => logging.server.url, isPooled: false },
  { name: 'pg behind PgBouncer', module: pg, url: () => pooler.url, isPooled: true },
] as const

let pools = 0

describe.each(setups)('$name', ({ module, url, isPooled }) => {
  const cases = Object.entries({ ...callForms, ...queuesAndFailures })
    .filter(([, { isNew }]) => isNew === undefined || module === pg)
    .filter(([, { isDirect }]) => isDirect === undefined || !isPooled)

  it.each(cases)('%s: each statement is told once', async (_name, { send, told, reach, config, options }) => {
    const applicationName = `observed${++pools}`
    const { guard, events } = watchedGuard()
    const bare = new module.Pool({ connectionString: url(), max: 1, application_name: applicationName, ...config })
    const pool = guardPool(bare, guard, { poolName: 'goods', ...options })
    pool.on('error', () => {})
    const sent = await logging.sent(applicationName, () => send(pool, module))
    await pool.end()
    expect(events.map(toldOf)).toEqual(told)
    expect(new Set(events.map((event) => `${event.layer} ${String(event.pool)}`))).toEqual(new Set(['pg goods']))
    const stats = guard.stats()
    expect([stats.totalQueries, stats.totalErrors]).toEqual([
      events.length,
      events.filter(({ failed }) => failed).length,
    ])
    // PgBouncer sends its own statements in between, and a session may break before the server logs it.
    if (!isPooled && reach !== 0) expect(sent).toBe(reach ?? told.length)
  })
})
