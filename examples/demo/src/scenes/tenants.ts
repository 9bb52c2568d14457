import { AsyncLocalStorage } from 'node:async_hooks'
import { createGuard, type Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { toRefusal, type Refusal, type Scene, type SceneResult } from '../scene.ts'
import type { Servers } from '../servers.ts'
import { repeat, untilSeen } from '../traffic.ts'

interface Database {
  invoice: { id: number; org: number; total: number }
}
type Db = Kysely<Database>
/** Reads the invoices of the tenant. */
type Read = (db: Db, tenant: number) => Promise<{ org: number }[]>

const tenants = 4
const reads = 600
const attempts = 5

const setup = `
  CREATE TABLE invoice (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, org int NOT NULL, total int NOT NULL);
  INSERT INTO invoice (org, total) SELECT org, n FROM generate_series(1, ${tenants}) AS org, generate_series(1, 5) AS n;
  ALTER TABLE invoice ENABLE ROW LEVEL SECURITY;
  ALTER TABLE invoice FORCE ROW LEVEL SECURITY;
  CREATE POLICY own_org ON invoice USING (org = nullif(current_setting('app.org_id', true), '')::int);
  GRANT SELECT ON invoice TO app;`

export const tenantsScene: Scene = {
  name: 'tenants',
  title: "Another customer's rows (Kysely)",
  story: [
    'Row-level security shows each customer its own rows, by the setting app.org_id.',
    "The application sets it in Kysely's hook for this: onReserveConnection, once for each connection that it acquires.",
    'But the next query runs on a different server connection, with the setting of another customer.',
  ],
  async play(servers) {
    const harm = await untilSeen(
      attempts,
      () => readAll(servers, readByConnection),
      ({ foreign }) => foreign > 0,
    )
    const guard = createGuard({ mode: 'strict', pooler: servers.profile })
    const guarded = await readAll(servers, readByConnection, guard)
    const safe = await readAll(servers, readInTransaction, guard)
    return toResult(harm, guarded, safe)
  },
}

interface Tally {
  /** Reads that returned another tenant's rows. */
  foreign: number
  /** Reads that returned nothing, although every tenant has rows. */
  empty: number
  refused: number
  /** `set_config` statements that reached the server. */
  reached: number
  readonly refusals: Refusal[]
}

const readByConnection: Read = (db) => db.selectFrom('invoice').select('org').execute()

const readInTransaction: Read = (db, tenant) =>
  db.transaction().execute(async (transaction) => {
    await sql`SELECT set_config('app.org_id', ${String(tenant)}, true)`.execute(transaction)
    return transaction.selectFrom('invoice').select('org').execute()
  })

async function readAll(servers: Servers, read: Read, guard?: Guard): Promise<Tally> {
  const stage = await servers.openStage(setup)
  const current = new AsyncLocalStorage<number>()
  const dialect = createDialect(stage.pooledUrl, read === readByConnection ? () => current.getStore() : undefined)
  const db: Db = new Kysely({ dialect: guard === undefined ? dialect : guardDialect(dialect, guard) })
  const tally: Tally = { foreign: 0, empty: 0, refused: 0, reached: 0, refusals: [] }
  await repeat(reads, async (index) => {
    const tenant = (index % tenants) + 1
    try {
      const rows = await current.run(tenant, () => read(db, tenant))
      if (rows.length === 0) tally.empty++
      if (rows.some(({ org }) => org !== tenant)) tally.foreign++
    } catch (error) {
      tally.refused++
      tally.refusals[0] ??= toRefusal(error)
    }
  })
  await db.destroy()
  tally.reached = await stage.reached('set_config')
  await stage.close()
  return tally
}

function createDialect(connectionString: string, tenant: (() => number | undefined) | undefined): PostgresDialect {
  const pool = new pg.Pool({ connectionString, max: 8 })
  if (tenant === undefined) return new PostgresDialect({ pool })
  return new PostgresDialect({
    pool,
    onReserveConnection: async (connection) => {
      await connection.executeQuery(CompiledQuery.raw("SELECT set_config('app.org_id', $1, false)", [String(tenant())]))
    },
  })
}

function toResult(harm: Tally, guarded: Tally, safe: Tally): SceneResult {
  return {
    figures: {
      reads,
      foreignWithout: harm.foreign,
      emptyWithout: harm.empty,
      refused: guarded.refused,
      reachedTheServer: guarded.reached,
      foreignSafe: safe.foreign,
      emptySafe: safe.empty,
    },
    harm: `${harm.foreign} of ${reads} reads returned another customer's rows`,
    guarded: `${guarded.refused} of ${reads} refused, ${guarded.reached} sent`,
    safe: `transaction with set_config(…, true): ${safe.foreign} of ${reads}`,
    refusals: guarded.refusals,
    held:
      harm.foreign > 0 &&
      guarded.refused === reads &&
      guarded.reached === 0 &&
      safe.foreign + safe.empty + safe.refused === 0 &&
      safe.reached === reads,
  }
}
