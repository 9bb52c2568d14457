import { startHostilePooler, type HostilePoolerOptions, type HostileReport } from '@poolsafe/testing/hostile'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { database } from '../../../support/session/database.ts'

/** A statement as a client sends it. */
export interface Sent {
  readonly sql: string
  readonly values?: readonly string[]
  readonly name?: string
}

/** The result of a statement behind a hostile pooler. */
export interface Outcome {
  readonly reports: readonly HostileReport[]
  /** The SQLSTATE that the client was answered with. */
  readonly error: string | undefined
}

/** A database with what the examples of the rules use; as new before each statement. */
export interface Stage {
  /** Sends one statement behind a hostile pooler that finds nothing in its sessions. */
  onFresh(sent: Sent): Promise<Outcome>
  /** Sends it to a session in which an earlier transaction has left what the text `dirt` leaves. */
  onDirty(sent: Sent, dirt: string): Promise<Outcome>
  stop(): Promise<void>
}

const name = 'stage'

export async function openStage(): Promise<Stage> {
  const server = await startPostgres({
    settings: { wal_level: 'logical', lock_timeout: '2s', statement_timeout: '5s', checkpoint_completion_target: '0' },
  })
  const admin = new pg.Client(server.url)
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const builder = new pg.Client({ ...target(server), ssl: false })
  await builder.connect()
  for (const sql of [...database.shared, ...database.objects]) await builder.query(sql)
  const xids = async (): Promise<unknown> =>
    (await builder.query('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next')).rows[0]
  const play = async (
    options: Partial<HostilePoolerOptions>,
    send: (client: pg.Client) => Promise<string | undefined>,
  ): Promise<Outcome> => {
    const before = JSON.stringify(await xids())
    const outcome = await behind(server, options, send)
    // Whatever wrote anything took a transaction id.
    if (JSON.stringify(await xids()) !== before)
      await builder.query([...database.resets, ...database.objects].join(';'))
    return outcome
  }
  return {
    onFresh: (sent) => play({}, (client) => ask(client, sent)),
    onDirty: (sent, dirt) =>
      play({ afterTransaction: 'poison', maxSessions: 2 }, (client) => askDirty(client, sent, dirt)),
    stop: async () => {
      await Promise.all([admin.end(), builder.end()])
      await server.stop()
    },
  }
}

function target({ host, port, user, password }: PostgresServer): {
  host: string
  port: number
  user: string
  password: string
  database: string
} {
  return { host, port, user, password, database: name }
}

async function behind(
  server: PostgresServer,
  options: Partial<HostilePoolerOptions>,
  send: (client: pg.Client) => Promise<string | undefined>,
): Promise<Outcome> {
  const pooler = await startHostilePooler({ target: target(server), sessions: 2, ...options })
  const client = new pg.Client(pooler.url)
  client.on('error', () => undefined)
  try {
    await client.connect()
    const error = await send(client)
    const reports = await pooler.reports()
    await client.end()
    return { reports, error }
  } finally {
    await pooler.stop()
  }
}

/**
 * Two sessions take turns: what comes after the statement in between runs where the dirt is. Its reports are told from
 * the others by `seq`.
 */
async function askDirty(client: pg.Client, sent: Sent, dirt: string): Promise<string | undefined> {
  await client.query(dirt)
  await client.query('SELECT 1')
  return ask(client, sent)
}

/** The number of the transaction that {@link Stage.onDirty} is about. */
export const dirtyTransaction = 3

async function ask(client: pg.Client, { sql, values, name: statement }: Sent): Promise<string | undefined> {
  try {
    await client.query({
      text: sql,
      ...(values !== undefined && { values: [...values] }),
      ...(statement !== undefined && { name: statement }),
    })
    return undefined
  } catch (error) {
    return String((error as pg.DatabaseError).code)
  }
}
