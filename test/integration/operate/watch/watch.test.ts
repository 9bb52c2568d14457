import type { PostgresServer } from '@poolsafe/testing/servers'
import { startTestPostgres, testMajor } from '../../../support/servers/postgres-versions.ts'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { closedOf, openStage, type Stage, until } from './stage.ts'

let server: PostgresServer
let stage: Stage
beforeAll(async () => {
  // 20 − 3 reserved = 17 connections for clients.
  server = await startTestPostgres({ settings: { max_connections: '20', wal_level: 'logical' } })
  stage = await openStage(server.url)
})
afterEach(() => stage.clear())
afterAll(() => server.stop())

describe('watchConnections', () => {
  it('closes the longest idle first, and no more than needed', async () => {
    const old = await stage.connectMany(2, 'shop-api')
    const young = await stage.connectMany(8, 'shop-api')
    const { watch, events } = await stage.watch()
    // 10 clients and the watch are 11 of 17; the limit is floor(8.5) = 8.
    await until(() => watch.stats().used === 8)
    const closed = closedOf(events)
    expect(closed).toHaveLength(3)
    expect(new Set(closed.slice(0, 2))).toEqual(new Set(old.map(({ pid }) => pid)))
    expect(young.filter(({ errors }) => errors.length > 0)).toHaveLength(1)
    expect(watch.stats().closed).toEqual({ 'shop-*': 3 })
    expect(events.find(({ kind }) => kind === 'closed')?.message).toMatch(
      /^closed connection \d+ of shop-api \(role shop, database postgres, 127\.0\.0\.1\): idle for [\d.]+ s; 11 of 17 connections are used, the limit is 8$/,
    )
  })

  it('closes nothing only because the server’s clock was set forward', async () => {
    const now = performance.now.bind(performance)
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000)
    await stage.connectMany(4, 'shop-api')
    const { watch, events } = await stage.watch({ idleMillis: 1000 })
    const { client } = await stage.connect('look', 'boss')
    await vi.waitFor(async () => {
      const { rows } = await client.query<{ idle: number }>(
        "SELECT extract(epoch FROM clock_timestamp() - max(state_change))::float8 AS idle FROM pg_stat_activity WHERE application_name = 'shop-api'",
      )
      expect(rows[0]?.idle).toBeGreaterThan(1)
    }, 60_000)
    await until(() => watch.stats().looks > 0)
    // The watch sees the same if the server's clock goes forward or ours goes back.
    const jumped = now()
    clock.mockImplementation(() => jumped)
    await stage.connectMany(6, 'shop-api')
    await watch.check()
    await until(() => watch.stats().stuck > 0)
    expect(closedOf(events)).toEqual([])
    clock.mockRestore()
    await until(() => closedOf(events).length > 0)
  })

  it('never touches what is in use, of others, or holds something', async () => {
    const spared = {
      active: await stage.connect('shop-active'),
      transaction: await stage.connect('shop-transaction'),
      failed: await stage.connect('shop-failed'),
      lock: await stage.connect('shop-lock'),
      shared: await stage.connect('shop-shared-lock'),
      temporary: await stage.connect('shop-temporary'),
      listening: await stage.connect('shop-listening'),
      cursor: await stage.connect('shop-cursor'),
      superuser: await stage.connect('shop-boss', 'boss'),
      other: await stage.connect('billing', 'other'),
      like: await stage.connect('SHOP-api'),
      replication: await stage.connect('shop-slot', 'boss'),
      own: await stage.connect('poolsafe-watch'),
    }
    const sleeping = spared.active.client.query('SELECT pg_sleep(2)')
    await spared.transaction.client.query('BEGIN')
    await spared.failed.client.query('BEGIN')
    await expect(spared.failed.client.query('SELECT 1/0')).rejects.toThrow('division')
    await spared.lock.client.query('SELECT pg_advisory_lock(1)')
    await spared.lock.client.query('SELECT 1')
    await spared.shared.client.query('SELECT pg_advisory_lock_shared(3, 4)')
    await spared.temporary.client.query('CREATE TEMP TABLE mine ()')
    // Before PostgreSQL 16 only the last statement tells.
    if (testMajor >= 16) await spared.temporary.client.query('SELECT 1')
    await spared.listening.client.query('LISTEN news')
    await spared.cursor.client.query('DECLARE c CURSOR WITH HOLD FOR SELECT 1')
    const { watch, events } = await stage.watch({ applications: ['shop-*', 'billin?', 'poolsaf*'], aboveShare: 0.01 })
    await until(() => events.some(({ kind }) => kind === 'stuck'))
    await watch.check()
    expect(closedOf(events)).toEqual([])
    await sleeping
    for (const [name, { errors, client }] of Object.entries(spared)) {
      expect({ name, errors }).toEqual({ name, errors: [] })
      await client.query('ROLLBACK')
    }
  })

  it.each([
    'LISTEN news',
    'SELECT 1; listen "news"',
    '/* jobs */ LISTEN news',
    '-- jobs\nLISTEN news',
    'DO $$BEGIN IF true THEN LISTEN news; END IF; END$$',
    "DO $$BEGIN EXECUTE 'LISTEN ' || 'news'; END$$",
    'CREATE /* fast */ TEMP TABLE mine ()',
    'CREATE TABLE pg_temp.mine ()',
    'SELECT 1 AS a INTO TEMPORARY mine',
  ])('spares a connection by its last statement: %s', async (statement) => {
    const { client, errors } = await stage.connect('shop-api')
    await client.query(statement)
    const { watch, events } = await stage.watch({ aboveShare: 0.01 })
    await until(() => events.some(({ kind }) => kind === 'stuck'))
    await watch.check()
    expect({ closed: closedOf(events), errors }).toEqual({ closed: [], errors: [] })
  })

  it.each([
    "SELECT 'LISTEN'",
    'SELECT temp, listen FROM (SELECT 20 AS temp, 3 AS listen) weather -- temporary',
    "SELECT count(*) FROM pg_class WHERE relname = 'temp'",
  ])('closes a connection whose last statement only has such a word: %s', async (statement) => {
    const { client, pid } = await stage.connect('shop-api')
    await client.query(statement)
    const { events } = await stage.watch({ aboveShare: 0.01 })
    await until(() => closedOf(events).includes(pid))
  })

  it('closes once for all watches of a database, however many there are', async () => {
    await stage.connectMany(11, 'shop-api')
    const watches = await Promise.all(Array.from({ length: 4 }, () => stage.watch()))
    // 11 clients and 4 watches are 15 of 17; the limit is 8.
    await until(() => watches.flatMap(({ events }) => closedOf(events)).length >= 7)
    await Promise.all(watches.map(({ watch }) => watch.check()))
    const closed = watches.flatMap(({ events }) => closedOf(events))
    expect(new Set(closed).size).toBe(closed.length)
    expect(closed).toHaveLength(7)
    await Promise.all(watches.map(({ watch }) => watch.stop()))
    const { client } = await stage.connect('look', 'boss')
    const { rows } = await client.query<{ left: number }>(
      "SELECT count(*)::int AS left FROM pg_stat_activity WHERE application_name = 'shop-api'",
    )
    expect(rows[0]?.left).toBe(4)
  })

  it('says whose connections they are, and backs off', async () => {
    await stage.connectMany(9, 'billing', 'other')
    const { events, watch } = await stage.watch({ intervalMillis: 1000, alarmMillis: Infinity })
    await until(() => watch.stats().stuck >= 2)
    const stuck = events.find((event) => event.kind === 'stuck')
    expect(stuck?.message).toMatch(
      /^10 of 17 connections are used, the limit is 8, and nothing more may be closed\. Used by: 9 of billing \(role other\) of another application; 1 of poolsafe-watch/,
    )
    expect(stuck).toMatchObject({ used: 10, slots: 17, againMillis: 1000 })
  })

  it('says what a dry run would close, once for each connection, and closes nothing', async () => {
    const guests = await stage.connectMany(10, 'shop-api')
    const { watch, events } = await stage.watch({ apply: false })
    await until(() => events.some(({ kind }) => kind === 'wouldClose'))
    const { looks } = watch.stats()
    await until(() => watch.stats().looks > looks + 2)
    expect(events.filter(({ kind }) => kind === 'wouldClose')).toHaveLength(3)
    expect(guests.flatMap(({ errors }) => errors)).toEqual([])
    expect(watch.stats()).toMatchObject({ closed: { 'shop-*': 0 }, used: 11, slots: 17 })
  })

  it('closes at once when the server is full, without waiting for its interval', async () => {
    const { watch } = await stage.watch({ intervalMillis: 600_000, alarmMillis: 100, aboveShare: 0.9 })
    await until(() => watch.stats().looks > 0)
    await stage.connectMany(16, 'shop-api')
    await until(() => watch.stats().closed['shop-*'] === 2)
    await stage.connect('shop-api')
  })

  it('starts while the server is full, and connects as soon as there is room', async () => {
    const [first] = await stage.connectMany(17, 'shop-api')
    const { watch, events } = await stage.watch()
    expect(events[0]).toMatchObject({ kind: 'lost', message: expect.stringContaining('slots are reserved') })
    await first?.client.end()
    await until(() => (watch.stats().closed['shop-*'] ?? 0) > 0)
    expect(events.find(({ kind }) => kind === 'started')?.message).toMatch(
      /^watching again PostgreSQL \d+, database postgres, as watcher$/,
    )
  })

  it('closes sessions of a superuser only if it is named, and only for a superuser', async () => {
    await stage.connectMany(10, 'shop-boss', 'boss')
    await expect(stage.watch({ roles: ['boss'] })).rejects.toThrow('only a superuser ends the sessions of a superuser')
    const { watch } = await stage.watch({ roles: ['boss'] }, stage.urlFor('boss'))
    await until(() => watch.stats().used === 8)
  })

  it('spares a connection whose name changes, as those of poolers do', async () => {
    const guests = await stage.connectMany(10, 'shop-a')
    const { watch, events } = await stage.watch({ intervalMillis: 100, idleMillis: 60_000 })
    await until(() => watch.stats().looks > 1)
    for (const { client } of guests) await client.query("SET application_name = 'shop-b'")
    await until(() => watch.stats().stuck >= 4)
    const groups = events.findLast((event) => event.kind === 'stuck')?.groups
    expect(groups?.find(({ application }) => application === 'shop-b')).toMatchObject({ verdict: 'pooler', count: 10 })
    expect(closedOf(events)).toEqual([])
  })

  it('spares a connection whose name was taken away, as RESET ALL does behind PgBouncer', async () => {
    const { client } = await stage.connect('shop-a')
    const { watch, events } = await stage.watch({ aboveShare: 0.01, idleMillis: 60_000 })
    await until(() => watch.stats().looks > 1)
    await client.query("SET application_name = ''")
    const { looks } = watch.stats()
    await until(() => watch.stats().looks > looks + 2)
    await client.query('RESET application_name')
    await until(() =>
      events.some((event) => event.kind === 'stuck' && event.groups.some(({ verdict }) => verdict === 'pooler')),
    )
    expect(closedOf(events)).toEqual([])
  })

  it('spares addresses of poolers', async () => {
    await stage.connectMany(10, 'shop-a')
    const { watch, events } = await stage.watch({ poolerAddresses: ['127.0.0.1'] })
    await until(() => watch.stats().stuck > 0)
    expect(closedOf(events)).toEqual([])
  })

  it('needs no right to close connections of its own role, and says what it cannot see', async () => {
    await stage.connectMany(8, 'shop-api', 'other')
    await stage.connectMany(4, 'shop-api', 'blind')
    const { watch, events } = await stage.watch({}, stage.urlFor('blind'))
    await until(() => watch.stats().closed['shop-*'] === 4)
    expect(events.filter(({ kind }) => kind === 'limited').map(({ message }) => message)).toEqual([
      expect.stringContaining('GRANT pg_read_all_stats TO blind'),
      expect.stringContaining('GRANT pg_signal_backend TO blind'),
    ])
    expect(events.find(({ kind }) => kind === 'stuck')?.message).toContain(
      '8 of shop-api (role other) that this role may not end',
    )
  })

  it('refuses a role that it may not touch, and one that does not exist', async () => {
    await expect(stage.watch({ roles: ['other'] }, stage.urlFor('blind'))).rejects.toThrow(
      'GRANT pg_signal_backend TO blind',
    )
    await expect(stage.watch({ roles: ["nob'ody"] })).rejects.toThrow('there is no role "nob\'ody"')
  })

  it('ends by its signal, by stop() and with await using, and leaves no connection', async () => {
    const ending = new AbortController()
    const one = await stage.watch({ signal: ending.signal })
    ending.abort()
    await one.watch.ended
    const two = await stage.watch()
    await two.watch.stop()
    await two.watch.check()
    {
      await using three = (await stage.watch()).watch
      expect(three.stats().isConnected).toBe(true)
    }
    const { client } = await stage.connect('look', 'boss')
    const names = "SELECT FROM pg_stat_activity WHERE application_name = 'poolsafe-watch'"
    await until(async () => (await client.query(names)).rowCount === 0)
  })

  it('connects again when its connection is lost', async () => {
    const { watch, events } = await stage.watch()
    const { client } = await stage.connect('look', 'boss')
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'poolsafe-watch'",
    )
    await until(() => events.filter(({ kind }) => kind === 'started').length === 2)
    expect(watch.stats()).toMatchObject({ lost: 1, isConnected: true })
  })

  it('goes on when a listener throws or rejects, and warns once', async () => {
    const warnings: string[] = []
    const note = ({ name, message }: Error): void => void (name === 'PoolsafeWarning' && warnings.push(message))
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    await stage.connectMany(10, 'shop-api')
    const { watch } = await stage.watch({
      onEvent: async ({ kind }) => {
        if (kind === 'started') throw new Error('at once')
        await Promise.reject(new Error('later'))
      },
    })
    await until(() => watch.stats().used === 8)
    await until(() => warnings.length > 0)
    expect(warnings).toEqual(['onEvent of watchConnections() failed: at once'])
  })
})
