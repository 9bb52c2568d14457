import {
  isPoolsafeError,
  sqlStateOf,
  StatementSender,
  toEngine,
  Transaction,
  type Answer,
  type AnswerReader,
  type Guard,
  type GuardOptions,
  type SenderOptions,
} from '@poolsafe/core/adapter'
import knex, { type Knex } from 'knex'
import type { Duplex } from 'node:stream'

/** The query that Knex sends: a text, or an object that receives the driver's result. */
type Call = string | { readonly sql: string; readonly response?: Answer & { readonly rowCount: number | null } }

/** Knex's own client class, as far as it is guarded. */
type ClientClass = new (config: Knex.Config) => {
  positionBindings(sql: string): string
  query(connection: object, call: Call): Promise<Call>
  stream(connection: object, call: Call, stream: Duplex, options: object): Promise<unknown>
  releaseConnection(connection: object): Promise<void>
}

const responseOf = (result: unknown): Partial<Answer & { readonly rowCount: number | null }> =>
  (result as { readonly response?: object } | undefined)?.response ?? {}

const reader: AnswerReader = {
  layer: 'knex',
  sqlStateOf,
  rowsOf: (result) => responseOf(result).rowCount ?? undefined,
  answerOf: (result) => ({ rows: [], ...responseOf(result) }),
}

/** Makes a Knex for PostgreSQL that is guarded. Takes Knex's configuration, and a guard or the options to make one. */
export function guardKnex(config: Knex.Config, given?: Guard | GuardOptions): Knex {
  const engine = toEngine(given)
  if (engine.mode === 'off') return knex(config)
  const Client = (knex({ client: config.client ?? 'pg' }).client as object).constructor as ClientClass
  const senders = new WeakMap<object, StatementSender>()
  const refused = new WeakSet<object>()

  function senderOf(connection: object): StatementSender {
    const known = senders.get(connection)
    if (known !== undefined) return known
    const onRefusal: SenderOptions['onRefusal'] = (refusal) => (refused.add(connection), refusal)
    const sender = new StatementSender(engine, reader, {
      transaction: new Transaction({ isAnswered: true }),
      onRefusal,
    })
    senders.set(connection, sender)
    return sender
  }

  class GuardedClient extends Client {
    override query(connection: object, call: Call): Promise<Call> {
      const sql = this.positionBindings(typeof call === 'string' ? call : call.sql)
      return senderOf(connection).send(sql, this.query, (sent) => super.query(connection, sent), call)
    }

    override stream(connection: object, call: Call, stream: Duplex, options: object): Promise<unknown> {
      const sql = this.positionBindings(typeof call === 'string' ? call : call.sql)
      const forward = (sent: Call): Promise<unknown> => super.stream(connection, sent, stream, options)
      // Knex expects its driver to report an error on the stream itself.
      return senderOf(connection)
        .send(sql, this.stream, forward, call)
        .catch((error: unknown) => {
          if (isPoolsafeError(error)) stream.destroy(error)
          throw error
        })
    }

    override async releaseConnection(connection: object): Promise<void> {
      const wasRefused = refused.delete(connection)
      const isOpen = senderOf(connection).transaction?.isOpen === true
      const error =
        isOpen && !wasRefused ? engine.refuseCall('releasedInTransaction', this.releaseConnection) : undefined
      // After a refused COMMIT, Knex releases the connection without a ROLLBACK.
      if (isOpen && (wasRefused || error !== undefined)) await this.query(connection, 'ROLLBACK')
      await super.releaseConnection(connection)
      if (error !== undefined) throw error
    }
  }
  return knex({ ...config, client: GuardedClient as unknown as typeof Knex.Client })
}
