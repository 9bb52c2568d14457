import type pg from 'pg'
import {
  checkClean,
  directPool,
  leave,
  limits,
  lookAndLeave,
  poolSize,
  poseMillis,
  sleep,
  type Form,
  type Layer,
  type Open,
} from './layer.ts'
import type { Modules } from './modules.ts'

const insert = 'INSERT INTO written (id) VALUES ($1)'
const few = 'SELECT id FROM written LIMIT 20'

/** node-postgres, with a second pool in pipeline mode. */
export const openPg: Open = (modules, guard, url, directUrl) => {
  const { pg, pgGuard } = modules
  const moving = directPool(modules, directUrl)
  const pool = pgGuard.guardPool(new pg.Pool({ connectionString: url, max: poolSize }), guard, {
    ...limits,
    ...moving,
    poolName: 'pg',
  })
  // Statements of a pipeline cannot be cancelled: node-postgres itself limits them.
  const { statementTimeoutMillis, poolerWaitTimeoutMillis: _none, ...others } = limits
  const config: pg.PoolConfig & { pipeline: boolean } = {
    connectionString: url,
    max: 2,
    pipeline: true,
    query_timeout: statementTimeoutMillis,
  }
  const pipelined = pgGuard.guardPool(new pg.Pool(config), guard, { ...others, poolName: 'pipelined' })
  const layer = formsOf(modules, pool, pipelined)
  return {
    ...layer,
    forms: moving.direct === undefined ? layer.forms : { ...layer.forms, ...movingForms(pool) },
    async close() {
      await Promise.all([pool.end(), pipelined.end()])
      await moving.direct?.end()
    },
  }
}

/** Forms that need a session of their own. Half of all calls have such a form. */
function movingForms(pool: pg.Pool): Readonly<Record<string, Form>> {
  const forms = Array.from({ length: 7 }, (_, at): [string, Form] => [
    `session ${at}`,
    (id) =>
      inSession(pool, async (client) => {
        const { rows } = await client.query<Record<string, unknown>>(lookAndLeave, [id])
        checkClean(rows[0], id)
        await client.query(leave)
        await client.query(insert, [id])
      }),
  ])
  return Object.fromEntries(forms)
}

async function inSession(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await pool.connect()
  try {
    await work(client)
  } finally {
    client.release()
  }
}

function formsOf({ Cursor, QueryStream }: Modules, pool: pg.Pool, pipelined: pg.Pool): Omit<Layer, 'close'> {
  return {
    forms: {
      transaction: (id) => inTransaction(pool, (client) => client.query(insert, [id])),
      'pool.query': (id) => pool.query(insert, [id]),
      'pool.query with a callback': (id) =>
        new Promise((resolve, reject) =>
          pool.query(insert, [id], (error) => (error ? reject(error) : resolve(undefined))),
        ),
      callbacks: (id) => viaCallbacks(pool, id),
      cursor: (id) =>
        inTransaction(pool, async (client) => {
          const cursor = client.query(new Cursor(few))
          await cursor.read(5)
          await cursor.close()
          await client.query(insert, [id])
        }),
      stream: (id) =>
        inTransaction(pool, async (client) => {
          for await (const _row of client.query(new QueryStream(few, [], { batchSize: 5 }))) continue
          await client.query({ text: insert, values: [id] })
        }),
      savepoint: (id) =>
        inTransaction(pool, async (client) => {
          await client.query('SAVEPOINT a')
          await client.query('SELECT 1 / 0').catch((error: unknown) => expectDivision(error))
          await client.query('ROLLBACK TO SAVEPOINT a')
          await client.query(insert, [id])
        }),
      pipeline: (id) => inPipeline(pipelined, id),
    },
    inStatement: (id) => pool.query(`${insert} RETURNING pg_sleep(${poseMillis / 1000})`, [id]),
    inTransaction: (id) =>
      inTransaction(pool, async (client) => {
        await client.query(insert, [id])
        await sleep(poseMillis)
      }),
  }
}

/** A statement that fails on purpose says so. Every other failure is caused by the fault. */
function expectDivision(error: unknown): void {
  if ((error as { code?: unknown }).code !== '22012') throw error
}

async function inTransaction(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await work(client)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

function viaCallbacks(pool: pg.Pool, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    pool.connect((connectError, client, done) => {
      if (client === undefined) return reject(connectError)
      const end = (error: Error): void => {
        done(true)
        reject(error)
      }
      client.query('BEGIN', (beginError) => {
        if (beginError) return end(beginError)
        client.query(insert, [id], (insertError) => {
          if (insertError) return end(insertError)
          client.query('COMMIT', (commitError) => {
            if (commitError) return end(commitError)
            done()
            resolve()
          })
        })
      })
    })
  })
}

/** All of it is sent before the first answer. */
async function inPipeline(pool: pg.Pool, id: string): Promise<void> {
  const client = await pool.connect()
  const sent = [client.query('BEGIN'), client.query(insert, [id]), client.query('COMMIT')]
  const answers = await Promise.allSettled(sent)
  const failed = answers.find((answer) => answer.status === 'rejected')
  client.release(failed !== undefined)
  if (failed !== undefined) throw failed.reason
}
