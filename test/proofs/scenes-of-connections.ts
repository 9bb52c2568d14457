import { engineOf } from '@poolsafe/core/adapter'
import { poolers, type Guard } from '@poolsafe/core'
import { once, type EventEmitter } from 'node:events'
import { connect as openSocket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { answer } from '../support/session/answer.ts'
import { hold, type Seen } from './experiment.ts'
import type { Play, Scene } from './play.ts'
import { stageUrl } from './target.ts'

const pollMillis = 2
const limitMillis = 4321
const limit = `${limitMillis}ms`
const show = 'SHOW statement_timeout'

/** The values that a client of pg receives at its login. */
interface LoggedIn extends pg.Client {
  readonly processID: number
  readonly secretKey: number
}

/** A query that waits for a lock, and what ends the wait. */
interface Waiting {
  readonly client: LoggedIn
  /** Its SQLSTATE when it was cancelled. */
  readonly ended: Promise<unknown>
  readonly free: () => Promise<unknown>
}

/** Sends a query that waits until it is cancelled or the lock is free. */
async function wait(play: Play): Promise<Waiting> {
  const key = `hashtext('${play.user}')`
  const [blocker, client] = [await play.direct(), (await play.client()) as LoggedIn]
  await blocker.query(`SELECT pg_advisory_lock(${key})`)
  const ended = answer(client, `SELECT pg_advisory_xact_lock(${key})`)
  const waits = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE usename = '${play.user}' AND locktype = 'advisory' AND NOT granted`
  while ((await answer(blocker, waits)) !== 1) await sleep(pollMillis)
  return { client, ended, free: () => blocker.query(`SELECT pg_advisory_unlock(${key})`) }
}

const cancelled = 'error 57014'
const cancelRequestCode = 80_877_102

/** Sends a cancellation on a separate connection, as libpq's PQcancel does. */
async function requestCancel({ target }: Play, { processID, secretKey }: LoggedIn): Promise<void> {
  const request = Buffer.alloc(16)
  for (const [index, word] of [request.length, cancelRequestCode, processID, secretKey].entries())
    request.writeInt32BE(word, index * 4)
  const socket = openSocket(target.port, '127.0.0.1')
  socket.resume()
  socket.write(request)
  // A client that cancels gets no answer: the server closes the connection, or resets it.
  await once(socket, 'close').catch(() => undefined)
}

/**
 * The clients that a limit of the owner's login reaches: the next one on its server connection, and itself on the other
 * one.
 */
async function logInWithLimit(play: Play): Promise<Seen> {
  const [stranger, holder] = [await play.client(), await play.client()]
  await hold(holder)
  const pool = play.guardedPool({ statement_timeout: limitMillis })
  const owner = await pool.connect().catch((error: unknown) => error as pg.DatabaseError)
  if ('code' in owner) return owner.code === '08P01' ? 'rejected' : Promise.reject(owner)
  const own = await answer(owner, show)
  await hold(stranger)
  const seen = await answer(stranger, show)
  await holder.query('COMMIT')
  const moved = await answer(owner, show)
  owner.release()
  if (seen === limit) return 'leaks'
  return own === limit && moved === limit ? 'none' : 'wiped'
}

/** Returns true if a stranger on the same server connection has what the owner prepared. */
async function isPrepared(play: Play, owner: pg.PoolClient): Promise<boolean> {
  const [stranger, holder] = [await play.client(), await play.client()]
  await hold(holder)
  await owner.query('PREPARE get_seven AS SELECT 7')
  return (await answer(stranger, 'EXECUTE get_seven')) === 7
}

/** Returns true if a stranger has what a guard did not speak of. */
async function leaksUnnoticed(play: Play, guard: Guard): Promise<boolean> {
  const owner = await play.guardedPool({}, guard).connect()
  const leaks = await isPrepared(play, owner)
  owner.release()
  return leaks && play.told('session/prepared-statement') === undefined
}

/** A parameter that names no setting of PostgreSQL belongs to the pooler. */
async function saysWhatItIs({ target, user }: Play): Promise<boolean> {
  const client = new pg.Client({ connectionString: stageUrl(target, user) })
  const names: string[] = []
  const { connection } = client as unknown as { readonly connection: EventEmitter }
  connection.on('parameterStatus', ({ parameterName }: { readonly parameterName: string }) => names.push(parameterName))
  await client.connect()
  await client.end()
  return names.some((name) => name.includes('.'))
}

/** Scenes of logins and cancellations, which are no statements. */
export const scenesOfConnections: readonly Scene[] = [
  {
    rule: 'connection/startup-parameter',
    unsafe: `new pg.Pool({ statement_timeout: ${limitMillis} })`,
    harm: logInWithLimit,
    safe: `ALTER ROLE … SET statement_timeout = ${limitMillis}`,
    async remedy(play) {
      await (await play.direct()).query(`ALTER ROLE ${play.user} SET statement_timeout = ${limitMillis}`)
      const owner = await play.guardedPool().connect()
      const own = await answer(owner, show)
      owner.release()
      return own === limit ? 'none' : 'wiped'
    },
  },
  {
    rule: 'connection/wrong-profile',
    unsafe: 'PREPARE, with the guard of poolers.direct()',
    async harm(play) {
      if (!(await leaksUnnoticed(play, play.guard(poolers.direct())))) return 'none'
      return (await saysWhatItIs(play)) ? 'leaks' : 'unsaid'
    },
    safe: 'PREPARE, with the guard of the pooler’s own profile, which finds it',
    remedy: async (play) => ((await leaksUnnoticed(play, play.guard())) ? 'leaks' : 'none'),
  },
  {
    rule: 'connection/cancel-by-pid',
    unsafe: 'pg_cancel_backend(client.processID), sent by another client',
    async harm(play) {
      const { client, ended, free } = await wait(play)
      const isSent = await answer(await play.client(), {
        text: 'SELECT pg_cancel_backend($1)',
        values: [client.processID],
      })
      // If the cancellation found no process, the query goes on until it gets its lock.
      if (isSent !== true) await free()
      return (await ended) === cancelled ? 'none' : 'lost'
    },
    verdict(play) {
      const entry = (): unknown => engineOf(play.guard()).refuseCall('cancelByPid', entry)
      entry()
      return play.told('connection/cancel-by-pid')
    },
    safe: 'the protocol’s CancelRequest',
    async remedy(play) {
      const { client, ended } = await wait(play)
      await requestCancel(play, client)
      return (await ended) === cancelled ? 'none' : 'lost'
    },
  },
]
