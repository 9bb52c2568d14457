import { once, type EventEmitter } from 'node:events'
import pg from 'pg'
import { kinds, type Kind } from './transaction.ts'
import { settingNames, storedNames } from './words.ts'

const inTempSchema = 'pg_catalog.pg_my_temp_schema()'

/** A look-up by name is quick. */
const temporary = `ARRAY[${storedNames.map((name) => `'${name}'`).join()}]::name[]`

/** Asks the server for the session's state, one column for each kind. Roles have a column of their own. */
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

/** A connection below every guard. */
export class Session {
  #client: pg.Client
  #clean: Shown | undefined

  constructor(client: pg.Client) {
    this.#client = client
  }

  /** Looks at another connection from now on. */
  moveTo(client: pg.Client): void {
    this.#client = client
  }

  /** Sends a statement past the guards. */
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

  /** Returns true in a transaction that is not aborted. */
  async isAlive(): Promise<boolean> {
    return (await this.#status()) === 'T'
  }

  /** Waits for the server's status: the driver rejects a query before it comes. */
  async #status(): Promise<string | null> {
    const { connection, readyForQuery } = this.#client as unknown as {
      connection: EventEmitter
      readyForQuery: boolean
    }
    if (!readyForQuery) await once(connection, 'readyForQuery')
    return this.#client.getTransactionStatus()
  }

  /** Sends a statement that may fail. @returns `true` if it has not failed */
  attempt(text: string, values?: readonly unknown[]): Promise<boolean> {
    return this.query(text, values).then(
      () => true,
      () => false,
    )
  }

  /** Returns the kinds of state in which the session differs from a new one. */
  async dirtyKinds(): Promise<Set<Kind>> {
    const shown = await this.#look()
    const clean = (this.#clean ??= shown)
    return new Set(kinds.filter((kind) => shown[kind] !== clean[kind]))
  }

  async #look(): Promise<Shown> {
    return (await this.query(probe))[0] as Shown
  }

  /** Rolls back an open transaction, and resets the session. @returns the kinds of state that the session held */
  async endAndClean(): Promise<Set<Kind>> {
    if (await this.isInTransaction()) await this.query('ROLLBACK')
    const dirty = await this.dirtyKinds()
    if (dirty.size > 0) await this.query('DISCARD ALL')
    return dirty
  }
}
