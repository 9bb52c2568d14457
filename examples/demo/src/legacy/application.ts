import type pg from 'pg'

// A small legacy application: it was written for PostgreSQL sessions of its own, and will not be rewritten.

/** One piece of work. Resolves to whether its result was right; rejects with the error of the server. */
export type Task = (pool: pg.Pool) => Promise<boolean>

const reports = 50
const tenants = 50
const exports = 25
const jobs = 25
const ordersOfTenant = 10

/** Its database. */
export const setup = `
  CREATE TABLE orders (id serial PRIMARY KEY, tenant int NOT NULL, total int NOT NULL);
  CREATE TABLE runs (job int NOT NULL);
  INSERT INTO orders (tenant, total) SELECT tenant, 1 FROM generate_series(1, ${tenants}) AS tenant, generate_series(1, ${ordersOfTenant});
  GRANT ALL ON orders, runs TO app`

/** Tasks that leave something in their session, or read it there. */
export const sessionTasks: readonly Task[] = [
  ...times(reports, report),
  ...times(tenants, ordersPage),
  ...times(exports, exportOrders),
  ...times(jobs, runJob),
]

/** One night of work, in the order in which it is started. At its end come requests that want no tenant's settings. */
export const night: readonly Task[] = [...sessionTasks, ...times(tenants, startPage)]

function times(count: number, task: (index: number) => Task): Task[] {
  return Array.from({ length: count }, (_, index) => task(index + 1))
}

/** Holds a client for one task, as node-postgres documents it. */
async function withClient<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

async function inTransaction<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  return withClient(pool, async (client) => {
    await client.query('BEGIN')
    try {
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    }
  })
}

/** A report needs memory, and a table for what it has found. */
function report(index: number): Task {
  return (pool) =>
    inTransaction(pool, async (client) => {
      await client.query(`SET work_mem = '${index + 4}MB'`)
      await client.query(`CREATE TEMP TABLE report_${index} AS SELECT * FROM orders WHERE tenant = ${index}`)
      return (await numberOf(client, `SELECT count(*) FROM report_${index}`)) === ordersOfTenant
    })
}

function ordersPage(tenant: number): Task {
  return (pool) =>
    inTransaction(pool, async (client) => {
      await client.query(`SET app.tenant_id = '${tenant}'`)
      const own = "SELECT count(*) FROM orders WHERE tenant = current_setting('app.tenant_id')::int"
      return (await numberOf(client, own)) === ordersOfTenant
    })
}

/** Its table lasts for several transactions. */
function exportOrders(index: number): Task {
  return (pool) =>
    withClient(pool, async (client) => {
      await client.query(`CREATE TEMP TABLE export_${index} (id int)`)
      await client.query(`INSERT INTO export_${index} SELECT id FROM orders WHERE tenant = $1`, [index])
      const count = await numberOf(client, `SELECT count(*) FROM export_${index}`)
      await client.query(`DROP TABLE export_${index}`)
      return count === ordersOfTenant
    })
}

/** One process of many runs it; the others see that it is locked. */
function runJob(job: number): Task {
  return (pool) =>
    withClient(pool, async (client) => {
      const lock = `SELECT pg_try_advisory_lock(${job}) AS done`
      const { rows: locked } = await client.query<{ done: boolean }>(lock)
      if (locked[0]?.done !== true) return false
      await client.query('INSERT INTO runs (job) VALUES ($1)', [job])
      const unlock = `SELECT pg_advisory_unlock(${job}) AS done`
      const { rows: unlocked } = await client.query<{ done: boolean }>(unlock)
      return unlocked[0]?.done === true
    })
}

function startPage(): Task {
  return async (pool) => {
    const { rows } = await pool.query<{ tenant: string | null }>(
      "SELECT nullif(current_setting('app.tenant_id', true), '') AS tenant",
    )
    return rows[0]?.tenant === null
  }
}

async function numberOf(client: pg.PoolClient, sql: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(sql)
  return Number(rows[0]?.count)
}
