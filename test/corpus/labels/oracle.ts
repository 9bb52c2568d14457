import pg from 'pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { type Statement } from '../statement.ts'
import { isError, wholeAnswer } from '../../support/session/answer.ts'
import { database } from '../../support/session/database.ts'
import { probes } from '../../support/session/snapshot.ts'
import { dirt, undoDirt } from './dirt.ts'

/**
 * The facts that a real PostgreSQL shows about a statement. `refused`: it fails in every session, so it shows nothing.
 */
export type Label = 'unsafe' | 'safe' | 'refused'

/** The facts that one run of a statement in one session shows. */
interface Run {
  readonly answer: string
  readonly before: string
  readonly after: string
  readonly drawn: string
}

/** A server that labels statements, one at a time. */
export interface Oracle {
  label(statement: Statement): Promise<Label>
  stop(): Promise<void>
}

const stage = 'stage'

/** Two runs of EXPLAIN ANALYZE often take the same time: one in six did. */
const repeats = 8

/** Starts PostgreSQL and builds the objects that the statements use. */
export async function startOracle(): Promise<Oracle> {
  const server = await startPostgres({
    settings: {
      wal_level: 'logical',
      max_prepared_transactions: '10',
      lock_timeout: '2s',
      statement_timeout: '5s',
      checkpoint_completion_target: '0',
    },
  })
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${stage}`)
  // Thousands of sessions log in: a password that takes no time to check.
  await admin.query(`SET scram_iterations = 1; ALTER ROLE ${server.user} PASSWORD '${server.password}'`)
  await once(server, [...database.shared, ...database.objects].join(';'))
  const builder = await connect(server)
  const theatre = new Theatre(server, builder)
  return {
    label: (statement) => theatre.label(statement),
    async stop() {
      await Promise.all([admin.end(), builder.end()])
      await server.stop()
    },
  }
}

class Theatre {
  readonly #server: PostgresServer
  readonly #builder: pg.Client

  constructor(server: PostgresServer, builder: pg.Client) {
    this.#server = server
    this.#builder = builder
  }

  async label(statement: Statement): Promise<Label> {
    const fresh = await this.#run(statement, false)
    if (fresh.before !== fresh.after) return 'unsafe'
    const dirty = await this.#run(statement, true)
    // State of the session that is now missing was removed by the statement.
    if (dirty.before !== dirty.after) return 'unsafe'
    // setseed makes every session draw the same number.
    if (dirty.drawn === fresh.drawn) return 'unsafe'
    if (dirty.answer !== fresh.answer && (await this.#isSteady(statement, fresh.answer))) return 'unsafe'
    return isError(fresh.answer) ? 'refused' : 'safe'
  }

  /**
   * A clock or a random number differs anyhow, and tells nothing: what differs once in six runs must not pass for
   * steady.
   */
  async #isSteady(statement: Statement, answer: string): Promise<boolean> {
    for (let times = 0; times < repeats; times++) {
      if ((await this.#play(statement, false, (client) => send(client, statement))) !== answer) return false
    }
    return true
  }

  #run(statement: Statement, isDirty: boolean): Promise<Run> {
    return this.#play(statement, isDirty, (client) => perform(client, statement, isDirty))
  }

  /** Both kinds of session find the database in the same state: only what the session itself holds differs. */
  async #play<Result>(
    { sql }: Statement,
    isDirty: boolean,
    work: (client: pg.Client) => Promise<Result>,
  ): Promise<Result> {
    const used = dirt(sql)
    if (!isDirty && used.beside !== undefined) await once(this.#server, used.beside)
    const client = await connect(this.#server)
    let before: unknown
    try {
      if (isDirty) await client.query(used.sql)
      before = await this.#traces()
      return await work(client)
    } finally {
      await client.end()
      // The dirt is known, and taken back for less.
      if ((await this.#traces()) !== before) await this.#clear()
      else if (used.beside !== undefined) await this.#builder.query(undoDirt)
    }
  }

  /** The transaction id, which every write takes. A replication slot takes none. */
  async #traces(): Promise<unknown> {
    const { rows } = await this.#builder.query<{ traces: string }>(
      "SELECT concat_ws(' ', pg_snapshot_xmax(pg_current_snapshot()), (SELECT count(*) FROM pg_replication_slots WHERE NOT temporary)) AS traces",
    )
    return rows[0]?.traces
  }

  async #clear(): Promise<void> {
    // A statement that waits for all transactions to end, as a new logical slot does, waits for these as well.
    const { rows } = await this.#builder.query<{ gid: string }>('SELECT gid FROM pg_prepared_xacts')
    for (const { gid } of rows) await this.#builder.query(`ROLLBACK PREPARED ${pg.escapeLiteral(gid)}`)
    await this.#builder.query([...database.resets, ...database.objects].join(';'))
  }
}

async function perform(client: pg.Client, statement: Statement, isDirty: boolean): Promise<Run> {
  const { sql } = statement
  const look = async (): Promise<string> => JSON.stringify((await client.query(probes(sql))).rows)
  const before = await look()
  const answer = await send(client, statement)
  const after = await look()
  const backup =
    !isDirty && /pg_backup/i.test(sql) ? await wholeAnswer(client, 'SELECT count(*) FROM pg_backup_stop(false)') : ''
  return {
    answer,
    before,
    after: isError(backup) || backup === '' ? after : `${after} in backup`,
    drawn: await wholeAnswer(client, 'SELECT random()'),
  }
}

async function send(client: pg.Client, { sql, inTransaction = false }: Statement): Promise<string> {
  if (inTransaction) await client.query('BEGIN')
  const answer = await wholeAnswer(client, sql)
  // An aborted transaction answers ROLLBACK; without one there is a warning.
  await client.query('COMMIT')
  return answer
}

async function connect(server: PostgresServer): Promise<pg.Client> {
  const { host, port, user, password } = server
  const client = new pg.Client({ host, port, user, password, database: stage })
  // A statement may end its own connection.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function once(server: PostgresServer, sql: string): Promise<void> {
  const client = await connect(server)
  await client.query(sql)
  await client.end()
}
