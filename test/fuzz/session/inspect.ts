import { once, type EventEmitter } from 'node:events'
import pg from 'pg'
import { kinds, type Kind } from './transaction.ts'
import { settingNames, storedNames } from './words.ts'

const inTempSchema = 'pg_catalog.pg_my_temp_schema()'

/** By name, as that is how the server finds it quickly. */
const temporary = `ARRAY[${storedNames.map((name) => `'${name}'`).join()}]::name[]`

/**
 * What the server shows of the session, one column for each kind. Roles are settings as well, and have a column of
 * their own.
 */
const probe = `SELECT ARRAY[${settingNames
  .concat('default_transaction_isolation', 'default_transaction_deferrable')
  .map((setting) => `coalesce(current_setting('${setting}', true), '')`)
  .join()}]::text AS setting,
  concat_ws('/', current_user, session_user, current_setting('role')) AS role,
  ARRAY(SELECT name FROM pg_catalog.pg_prepared_statements ORDER BY name)::text AS prepared,
  ARRAY(SELECT pg_catalog.pg_listening_channels() ORDER BY 1)::text AS listen,
  ARRAY(SELECT relname FROM pg_catalog.pg_class WHERE relname = ANY(${temporary}) AND relnamespace = ${inTempSchema} UNION ALL
    SELECT proname FROM pg_catalog.pg_proc WHERE proname = ANY(${temporary}) AND pronamespace = ${inTempSchema} UNION ALL
    SELECT typname FROM pg_catalog.pg_type WHERE typname = ANY(${temporary}) AND typnamespace = ${inTempSchema})::text AS temporary,
  ARRAY(SELECT concat_ws('/', classid, objid, objsubid, mode) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid())::text AS lock,
  ARRAY(SELECT name FROM pg_catalog.pg_cursors)::text AS cursor`

type Shown = Readonly<Record<Kind, string>>

/** A connection as the server sees it, beneath every guard. */
export class Session {
  readonly #client: pg.Client
  #clean: Shown | undefined

  constructor(client: pg.Client) {
    this.#client = client
  }

  /** Sends a statement that no guard judges. */
  async query(text: string, values?: readonly unknown[]): Promise<unknown[]> {
    const result = await Reflect.apply(pg.Client.prototype.query as (...args: unknown[]) => unknown, this.#client, [
      text,
      values,
    ])
    return [(result as pg.QueryResult).rows].flat()
  }

  async isInTransaction(): Promise<boolean> {
    return (await this.#status()) !== 'I'
  }

  /** In a transaction in which nothing has failed. */
  async isAlive(): Promise<boolean> {
    return (await this.#status()) === 'T'
  }

  /** The driver rejects before the server says how its transaction stands. */
  async #status(): Promise<string | null> {
    const { connection, readyForQuery } = this.#client as unknown as {
      connection: EventEmitter
      readyForQuery: boolean
    }
    if (!readyForQuery) await once(connection, 'readyForQuery')
    return this.#client.getTransactionStatus()
  }

  /** Sends what may fail. @returns whether it has not */
  attempt(text: string, values?: readonly unknown[]): Promise<boolean> {
    return this.query(text, values).then(
      () => true,
      () => false,
    )
  }

  /** The kinds of state in which the session differs from a new one. */
  async dirtyKinds(): Promise<Set<Kind>> {
    const shown = await this.#look()
    const clean = (this.#clean ??= shown)
    return new Set(kinds.filter((kind) => shown[kind] !== clean[kind]))
  }

  async #look(): Promise<Shown> {
    return (await this.query(probe))[0] as Shown
  }

  /**
   * Rolls back what is open, and makes the session a new one again. @returns the kinds of state in which it was none
   */
  async endAndClean(): Promise<Set<Kind>> {
    if (await this.isInTransaction()) await this.query('ROLLBACK')
    const dirty = await this.dirtyKinds()
    if (dirty.size > 0) await this.query('DISCARD ALL')
    return dirty
  }
}
