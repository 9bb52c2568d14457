import { AcquireTimeoutError, createGuard, NoConnectionError, poolers, SelfDeadlockError } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Refusal, Scene, SceneResult } from '../scene.ts'
import type { Servers } from '../servers.ts'
import { until } from '../until.ts'

const max = 3
const callers = 5
/** How long the demo watches for answers that never come. */
const watchMillis = 500
/** Longer than a login takes on a busy machine. */
const acquireTimeoutMillis = 2000

export const poolScene: Scene = {
  name: 'pool',
  title: 'Waiting forever (an exhausted pool)',
  story: [
    'A function acquires a connection and never releases it. It works, as often as the pool has connections.',
    'Then every other call waits: without a limit, without an error, without a hint.',
    'With a limit, the error names the call site. A call that waits for itself fails before any limit. After the server has disconnected all clients, the pool recovers.',
  ],
  async play(servers) {
    const unguarded = await playUnguarded(servers)
    const exhausted = await playExhausted(servers)
    const nested = await playNested(servers)
    return toResult(unguarded, exhausted, nested, await playRestart(servers))
  },
}

/** The bug. */
async function sendInvoice(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  await client.query('SELECT 1')
}

async function leakAll(pool: pg.Pool): Promise<pg.PoolClient[]> {
  const leaked: pg.PoolClient[] = []
  pool.on('acquire', (client) => void leaked.push(client))
  // Each in its own request.
  await Promise.all(Array.from({ length: max }, () => sleep(1).then(() => sendInvoice(pool))))
  return leaked
}

interface Unguarded {
  readonly unanswered: number
  readonly watchedMillis: number
}

async function playUnguarded(servers: Servers): Promise<Unguarded> {
  const stage = await servers.openStage()
  const pool = new pg.Pool({ connectionString: stage.pooledUrl, max })
  const leaked = await leakAll(pool)
  let answered = 0
  const startedAt = Date.now()
  const calls = Array.from({ length: callers }, () => pool.query('SELECT 1').then(() => answered++))
  await until(() => answered > 0, watchMillis)
  const seen = { unanswered: callers - answered, watchedMillis: Date.now() - startedAt }
  for (const client of leaked.splice(0)) client.release()
  await Promise.all(calls)
  await pool.end()
  await stage.close()
  return seen
}

interface Exhausted {
  readonly timeouts: number
  /** Errors that name the function that holds the connections. */
  readonly namingHolder: number
  /** The longest wait of a call. */
  readonly waitedMillis: number
  readonly refusal: Refusal
}

async function playExhausted(servers: Servers): Promise<Exhausted> {
  const stage = await servers.openStage()
  const guard = createGuard({ pooler: servers.profile, logger: silent })
  const bare = new pg.Pool({ connectionString: stage.pooledUrl, max })
  const pool = guardPool(bare, guard, { acquireTimeoutMillis, callSites: true })
  const leaked = await leakAll(pool)
  const errors = await errorsOf(callers, () => pool.query('SELECT 1'))
  for (const client of leaked.splice(0)) client.release()
  await pool.end()
  await stage.close()
  const timeouts = errors.filter((error) => error instanceof AcquireTimeoutError)
  return {
    timeouts: timeouts.length,
    namingHolder: timeouts.filter(({ message }) => message.includes(sendInvoice.name)).length,
    waitedMillis: Math.max(0, ...timeouts.map(({ waitedMillis }) => Math.round(waitedMillis))),
    refusal: toRefusal(errors[0]),
  }
}

interface Nested {
  readonly refused: number
  readonly failedAfterMillis: number
  readonly refusal: Refusal
}

async function playNested(servers: Servers): Promise<Nested> {
  const stage = await servers.openStage()
  const guard = createGuard({ pooler: servers.profile, mode: 'strict', logger: silent })
  const pool = guardPool(new pg.Pool({ connectionString: stage.pooledUrl, max: 1 }), guard)
  const payTwice = async (): Promise<void> => {
    const client = await pool.connect()
    try {
      await pool.query('SELECT 1')
    } finally {
      client.release()
    }
  }
  const startedAt = Date.now()
  const errors = await errorsOf(1, payTwice)
  const failedAfterMillis = Date.now() - startedAt
  await pool.end()
  await stage.close()
  const refused = errors.filter((error) => error instanceof SelfDeadlockError).length
  return { refused, failedAfterMillis, refusal: toRefusal(errors[0]) }
}

/** All clients are disconnected while all connections are idle or checked out. Later calls find new ones. */
async function playRestart(servers: Servers): Promise<number> {
  const stage = await servers.openStage()
  const guard = createGuard({ pooler: poolers.direct(), logger: silent })
  const pool = guardPool(new pg.Pool({ connectionString: stage.directUrl, max }), guard)
  pool.on('error', () => undefined)
  const held = await pool.connect()
  await pool.query('SELECT 1')
  await stage.count(
    'SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
  held.release(true)
  await until(() => pool.totalCount === 0)
  const answers = await Promise.allSettled(Array.from({ length: callers }, () => pool.query('SELECT 1')))
  await pool.end()
  await stage.close()
  return answers.filter(({ status }) => status === 'fulfilled').length
}

async function errorsOf(times: number, call: () => Promise<unknown>): Promise<unknown[]> {
  const results = await Promise.allSettled(Array.from({ length: times }, call))
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
}

function toRefusal(error: unknown): Refusal {
  if (!(error instanceof NoConnectionError)) throw error ?? new Error('the call got a connection')
  const instead = /^ {2}instead +(.*)$/m.exec(error.message)?.[1] ?? ''
  return { rule: error.likelyCause, message: error.message, instead }
}

const silent = { warn: () => undefined }

function toResult(unguarded: Unguarded, exhausted: Exhausted, nested: Nested, healed: number): SceneResult {
  const { unanswered, watchedMillis } = unguarded
  const { timeouts, namingHolder, waitedMillis } = exhausted
  return {
    figures: {
      calls: callers,
      unanswered,
      watchedMillis,
      timeouts,
      namingHolder,
      waitedMillis,
      deadlocksRefused: nested.refused,
      deadlockFailedAfterMillis: nested.failedAfterMillis,
      healed,
    },
    harm: `${unanswered} of ${callers} calls still wait after ${watchedMillis} ms, and would wait forever`,
    guarded: `${namingHolder} of ${callers} errors name the holder ${sendInvoice.name}, after ${waitedMillis} ms; a call that waits for itself fails after ${nested.failedAfterMillis} ms`,
    safe: `disconnected by the server: ${healed} of ${callers} calls answered on new connections`,
    refusals: [exhausted.refusal, nested.refusal],
    held:
      unanswered === callers &&
      timeouts === callers &&
      namingHolder === callers &&
      nested.refused === 1 &&
      healed === callers,
  }
}
