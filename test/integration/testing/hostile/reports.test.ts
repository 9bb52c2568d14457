import { poolers } from '@poolsafe/core'
import type { HostileReport } from '@poolsafe/testing/hostile'
import { describe, expect, test } from 'vitest'
import { pidOf, usePoolers } from './use-poolers.ts'

const { start, connect } = usePoolers()

function kindsOf(reports: readonly HostileReport[]): string[] {
  return reports.flatMap(({ states }) => states.map(({ kind }) => kind))
}

describe('reports', () => {
  test('show what functions and triggers did, with the statements and never a value', async () => {
    const heard: HostileReport[] = []
    const pooler = await start({ onReport: (report) => heard.push(report) })
    const client = await connect(pooler.url, { application_name: 'shop' })
    await client.query('CREATE TABLE orders (id int)')
    await client.query(`CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM set_config('app.last_order', 'secret', false); PERFORM pg_advisory_lock(4711); RETURN NEW; END $$`)
    await client.query('CREATE TRIGGER remember BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION remember()')
    await client.query('BEGIN')
    await client.query('INSERT INTO orders VALUES ($1)', [31337])
    await client.query("SELECT 'hidden' AS word, 42")
    await client.query('COMMIT')
    const reports = await pooler.reports()
    expect(reports).toEqual(heard)
    expect(reports).toEqual([
      {
        seq: expect.any(Number) as number,
        statements: ['BEGIN', 'INSERT INTO orders VALUES ($1)', 'SELECT ? AS word, ?', 'COMMIT'],
        states: [
          {
            kind: 'setting',
            object: 'app.last_order',
            rule: 'session/set',
            does: 'leaves',
            seenIn: 'session',
            isHidden: true,
          },
          {
            kind: 'advisory-lock',
            object: 'ExclusiveLock',
            rule: 'session/advisory-lock',
            does: 'leaves',
            seenIn: 'session',
            isHidden: true,
          },
        ],
        user: 'postgres',
        database: 'postgres',
        applicationName: 'shop',
      },
    ])
    expect(JSON.stringify(reports)).not.toMatch(/secret|4711|31337|hidden'|42/)
    await client.query('DROP TABLE orders')
  })

  test('find a setting whose name is a parameter', async () => {
    const pooler = await start()
    const client = await connect(pooler.url)
    await client.query('SELECT set_config($1, $2, false)', ['app.by_parameter', '7'])
    expect((await pooler.reports())[0]?.states[0]).toMatchObject({
      object: 'app.by_parameter',
      rule: 'session/set-config',
      isHidden: false,
    })
  })

  test('find what a session looks like whose role or timeout keeps others from looking', async () => {
    const pooler = await start()
    const client = await connect(pooler.url)
    await client.query("SET ROLE pg_monitor; SET statement_timeout = '1ms'")
    expect(kindsOf(await pooler.reports())).toContain('role')
  })

  test('leave out what the pooler carries', async () => {
    const pooler = await start({ pooler: poolers.pgbouncer({ version: '1.26', serverVersion: 18 }) })
    const client = await connect(pooler.url)
    await client.query("SET TimeZone = 'Asia/Tokyo'")
    await client.query({ name: 'answer', text: 'SELECT 42' })
    await client.query("SET work_mem = '5MB'")
    const reports = await pooler.reports()
    expect(reports.flatMap(({ states }) => states.map(({ object }) => object))).toEqual(['work_mem'])
  })

  test('leave out what pins, as the client keeps its session', async () => {
    const pooler = await start({ pooler: poolers.rdsProxy() })
    const client = await connect(pooler.url)
    const before = [await pidOf(client), await pidOf(client)]
    await client.query("SET work_mem = '5MB'")
    const after = [await pidOf(client), await pidOf(client)]
    expect(before[0]).not.toBe(before[1])
    expect(after[0]).toBe(after[1])
    expect((await client.query('SHOW work_mem')).rows).toEqual([{ work_mem: '5MB' }])
    expect(await pooler.reports()).toEqual([])
  })

  test('are empty with `inspect: false`', async () => {
    const pooler = await start({ inspect: false })
    const client = await connect(pooler.url)
    await client.query("SET app.tenant = '7'")
    expect(await pooler.reports()).toEqual([])
  })
})
