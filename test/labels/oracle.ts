import pg from 'pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { type Statement } from '../corpus/statement.ts'
import { isError, wholeAnswer } from '../session/answer.ts'
import { database } from '../session/database.ts'
import { probes } from '../session/snapshot.ts'
import { dirt } from './dirt.ts'

/** What a real PostgreSQL shows of a statement. `refused`: it fails whatever the session, so it says nothing. */
export type Label = 'unsafe' | 'safe' | 'refused'

/** What is seen of one run of a statement in one session. */
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
  await once(server, [...database.shared, ...database.objects])
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
    // What the session had, the statement took away.
    if (dirty.before !== dirty.after) return 'unsafe'
    // setseed makes every session draw the same number.
    if (dirty.drawn === fresh.drawn) return 'unsafe'
    if (dirty.answer !== fresh.answer && (await this.#isSteady(statement, fresh.answer))) return 'unsafe'
    return isError(fresh.answer) ? 'refused' : 'safe'
  }

  /** A clock or a random number differs anyhow, and tells nothing: what differs once in six runs must not pass for steady. */
  async #isSteady(statement: Statement, answer: string): Promise<boolean> {
    for (let times = 0; times < repeats; times++) {
      if ((await this.#run(statement, false)).answer !== answer) return false
    }
    return true
  }

  /** Both kinds of session find the database in the same state: only what the session itself holds differs. */
  async #run(statement: Statement, isDirty: boolean): Promise<Run> {
    const before = await this.#xids()
    const used = dirt(statement.sql)
    if (!isDirty) await once(this.#server, used)
    const client = await connect(this.#server)
    try {
      if (isDirty) for (const sql of used) await client.query(sql)
      return await perform(client, statement, isDirty)
    } finally {
      await client.end()
      // Whatever wrote anything took a transaction id.
      if ((await this.#xids()) !== before) await this.#clear()
    }
  }

  async #xids(): Promise<unknown> {
    const { rows } = await this.#builder.query<{ next: string }>('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next')
    return rows[0]?.next
  }

  async #clear(): Promise<void> {
    await this.#builder.query([...database.resets, ...database.objects].join(';'))
  }
}

async function perform(client: pg.Client, { sql, inTransaction = false }: Statement, isDirty: boolean): Promise<Run> {
  const look = async (): Promise<string> => JSON.stringify((await client.query(probes(sql))).rows)
  const before = await look()
  if (inTransaction) await client.query('BEGIN')
  const answer = await wholeAnswer(client, sql)
  // An aborted transaction answers ROLLBACK; without one there is a warning.
  await client.query('COMMIT')
  const after = await look()
  const backup = !isDirty && /pg_backup/i.test(sql) ? await wholeAnswer(client, 'SELECT count(*) FROM pg_backup_stop(false)') : ''
  return {
    answer,
    before,
    after: isError(backup) || backup === '' ? after : `${after} in backup`,
    drawn: await wholeAnswer(client, 'SELECT random()'),
  }
}

async function connect(server: PostgresServer): Promise<pg.Client> {
  const { host, port, user, password } = server
  const client = new pg.Client({ host, port, user, password, database: stage })
  // A statement may end its own connection.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function once(server: PostgresServer, texts: readonly string[]): Promise<void> {
  const client = await connect(server)
  for (const sql of texts) await client.query(sql)
  await client.end()
}
