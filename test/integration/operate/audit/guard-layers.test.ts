import { createGuard, type CatalogDescription, type FindingEvent } from '@poolsafe/core'
import { auditWithCatalog } from '@poolsafe/operate'
import { startHostilePooler } from '@poolsafe/testing/hostile'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layers } from '../../../support/layers.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'
import { plpgsql, table, trigger } from './stage.ts'

const lock = 'PERFORM pg_advisory_lock(1)'

/** The hostile pooler sees settings of PostgreSQL and locks. No view has a custom setting that no text names. */
const stage = `CREATE SCHEMA shop; CREATE SCHEMA other;
${plpgsql('shop.hide_set()', "BEGIN PERFORM set_config('work_mem', '5MB', false); END")}
${plpgsql('shop.hide_local()', "BEGIN PERFORM set_config('work_mem', '5MB', true); END")}
${plpgsql('other.hide_set()', 'BEGIN END')}
${plpgsql('shop.lock_it(i int)', `BEGIN ${lock}; RETURN i; END`, 'int')}
CREATE PROCEDURE shop.zone() LANGUAGE plpgsql AS $$ BEGIN SET TIME ZONE 'Asia/Tokyo'; END $$;
${table('shop.orders', 'id int, total int DEFAULT shop.lock_it(1), note text')}
${table('shop.trg_set', 'id int, n int')}
${trigger('shop.stamp', "PERFORM set_config('work_mem', '5MB', false)", 'BEFORE INSERT ON shop.trg_set').replace('TRIGGER shop.', 'TRIGGER ')}
INSERT INTO shop.trg_set VALUES (1, 1);
CREATE VIEW shop.v_lock AS SELECT shop.lock_it(1) AS n;
CREATE VIEW shop.v_plain AS SELECT 1 AS n;
${plpgsql('shop.listens()', 'BEGIN LISTEN news; END')}
${plpgsql('shop.scratch()', 'BEGIN CREATE TEMP TABLE IF NOT EXISTS scratch (id int); END')}
${plpgsql('shop.scratch_once()', 'BEGIN CREATE TEMP TABLE once (id int) ON COMMIT DROP; END')}`

/** One statement each, as every layer can send it. */
const statements = [
  'SELECT shop.hide_set()',
  'SELECT shop.hide_local()',
  'SELECT other.hide_set()',
  'SELECT shop.lock_it(1)',
  'CALL shop.zone()',
  'DO $$ BEGIN PERFORM shop.hide_set(); END $$',
  'INSERT INTO shop.orders (id) VALUES (1)',
  'INSERT INTO shop.orders (id, total) VALUES (1, 2)',
  'INSERT INTO shop.orders (id, total) VALUES (1, DEFAULT)',
  'INSERT INTO shop.trg_set (id) VALUES (1)',
  'UPDATE shop.trg_set SET n = 2',
  'SELECT * FROM shop.v_lock',
  'SELECT * FROM shop.v_plain',
  'WITH v_lock AS (SELECT 1 AS n) SELECT * FROM v_lock',
  'SELECT shop.listens()',
  'SELECT shop.scratch()',
  'SELECT shop.scratch_once()',
]

let server: SharedPostgres
let owner: pg.Client
let catalog: CatalogDescription

beforeAll(async () => {
  server = await sharedPostgres()
  owner = new pg.Client(server.url)
  await owner.connect()
  await owner.query(stage)
  ;({ catalog } = await auditWithCatalog({
    ask: async (sql) => (await owner.query<Record<string, unknown>>(sql)).rows,
  }))
})
afterAll(async () => {
  await owner.end()
  await server.stop({ force: true })
})

describe.each(layers)('%s', (_, open) => {
  it('reports the statements after which the hostile pooler sees a change, and no other', async () => {
    const pooler = await startHostilePooler({ target: server.url })
    const found: FindingEvent[] = []
    const guard = createGuard({ catalog, logger: { warn() {} } })
    guard.on('finding', (event) => void found.push(event))
    const layer = open({ url: pooler.url, max: 1, guard })
    const compared: [sql: string, seen: boolean, found: boolean][] = []
    for (const sql of statements) {
      found.length = 0
      const before = (await pooler.reports()).length
      await layer.query(sql)
      compared.push([sql, (await pooler.reports()).length > before, found.length > 0])
    }
    await layer.close()
    await pooler.stop()
    expect(compared.filter(([, seen, isFound]) => seen !== isFound)).toEqual([])
    expect(compared.filter(([, seen]) => seen)).toHaveLength(10)
  })

  it('refuses in strict mode before anything is sent, and names the chain', async () => {
    const guard = createGuard({ catalog, mode: 'strict' })
    const layer = open({ url: server.url, max: 1, guard })
    const before = await rows()
    await expect(layer.query('INSERT INTO shop.trg_set (id) VALUES (7)')).rejects.toThrow(
      'INSERT INTO shop.trg_set → trigger stamp → shop.stamp_f() → set_config(…, false) stays on a server connection that other clients use next',
    )
    await layer.query('INSERT INTO shop.orders (id, total) VALUES (1, 2)')
    await layer.close()
    expect(await rows()).toBe(before)
  })

  it('decides at COMMIT, like for a statement that says it', async () => {
    const guard = createGuard({ catalog, mode: 'strict', rules: { 'session/advisory-lock': 'allow' } })
    const layer = open({ url: server.url, max: 1, guard })
    const before = await rows()
    await layer.transaction(async (inner) => inner()).catch(() => {})
    await layer.query('SELECT shop.lock_it(1)')
    await guard.allow('session/set-config', 'the setting is the same everywhere', () =>
      layer.query('INSERT INTO shop.trg_set (id) VALUES (8)'),
    )
    await layer.query('INSERT INTO shop.trg_set (id) VALUES (9) /* poolsafe-allow session/set-config: the same */')
    await layer.close()
    expect(await rows()).toBe(before + 2)
  })
})

async function rows(): Promise<number> {
  const { rows: found } = await owner.query<{ n: number }>('SELECT count(*)::int AS n FROM shop.trg_set')
  return found[0]?.n ?? 0
}

it('in a transaction, a ROLLBACK takes back what a function has set, and COMMIT is refused', async () => {
  const { guardPool } = await import('@poolsafe/pg')
  const guard = createGuard({ catalog, mode: 'strict' })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query('SELECT shop.hide_set()')
  await client.query('ROLLBACK')
  await client.query('BEGIN')
  await client.query('SELECT shop.hide_set()')
  await expect(client.query('COMMIT')).rejects.toThrow('SELECT shop.hide_set()')
  await client.query('ROLLBACK')
  client.release()
  await pool.end()
})
