import { deepEqual, equal, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGuard, type Guard, type GuardOptions, type UnsafeStatementError } from '@poolsafe/core'
import type { Client as PgClient } from 'pg'
import { loadDriver } from '../servers/client.ts'
import { startPostgres, type PostgresServer } from '../servers/postgres.ts'
import type { ConformanceAdapter, ConformanceClient } from './adapter.ts'

const pollMillis = 5
const otherClients =
  "SELECT pid, query, state FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"

/** A client of the server, as the server knows it. */
interface Backend {
  readonly pid: number
  readonly query: string
  readonly state: string
}

/** The result of a statement: its rows, or the SQLSTATE and the message of its error. */
export type Outcome = { readonly rows: readonly unknown[] } | { readonly sqlState: unknown; readonly message: string }

type Opener<Client extends ConformanceClient> = Pick<ConformanceAdapter<Client>, 'open' | 'sqlStateOf'>

/** An adapter on trial, with a PostgreSQL of its own that logs every statement. */
export class Trial<Client extends ConformanceClient> {
  readonly #adapter: Opener<Client>
  #started: Promise<void> | undefined
  #server: PostgresServer | undefined
  #observer: PgClient | undefined
  #strict: Client | undefined
  #marks = 0

  constructor(adapter: Opener<Client>) {
    this.#adapter = adapter
  }

  /** Starts the server, once, and creates what the examples of the rules name. */
  start(): Promise<void> {
    return (this.#started ??= this.#start())
  }

  async #start(): Promise<void> {
    // V8 forgets who awaits a call in which the parser is loaded, so the first stack would not lead to the caller.
    await quietGuard({}).ready
    // pg_backup_start waits for a checkpoint, which the server spreads over minutes by default.
    this.#server = await startPostgres({ settings: { log_statement: 'all', checkpoint_completion_target: '0' } })
    const { default: pg } = await loadDriver()
    this.#observer = new pg.Client({ connectionString: this.#server.url })
    await this.#observer.connect()
    await this.#observer.query('CREATE TABLE t (id int); CREATE SEQUENCE orders_id_seq; CREATE SCHEMA tenant_a')
  }

  async stop(): Promise<void> {
    await this.#strict?.close()
    await this.#observer?.end()
    await this.#server?.stop()
  }

  /** A client in strict mode for statements that are refused: they leave nothing behind, so one client does for all. */
  get strict(): Client {
    return (this.#strict ??= this.#adapter.open(this.#url, quietGuard({ mode: 'strict' })))
  }

  /**
   * Runs `work` with a client of its own, closes the client and waits until the server has noticed: a backend may keep
   * its locks and slots a little longer than its pool lives.
   *
   * @param guard a guard, or the options to make one; `undefined` for a client without poolsafe
   */
  async use<Result>(
    guard: Guard | GuardOptions | undefined,
    work: (client: Client) => Promise<Result>,
  ): Promise<Result> {
    const before = new Set((await this.#backends()).map(({ pid }) => pid))
    const client = this.#adapter.open(this.#url, isGuard(guard) ? guard : guard && quietGuard(guard))
    try {
      return await work(client)
    } finally {
      await client.close()
      while ((await this.#backends()).some(({ pid }) => !before.has(pid))) await sleep(pollMillis)
    }
  }

  /** Runs one statement by `send` with a client of its own. */
  async outcomeOf(
    guard: GuardOptions | undefined,
    send: (client: Client) => Promise<readonly unknown[]>,
  ): Promise<Outcome> {
    return this.use(guard, async (client) => {
      try {
        return { rows: await send(client) }
      } catch (error) {
        return { sqlState: this.#adapter.sqlStateOf(error), message: (error as Error).message }
      }
    })
  }

  /** Runs `work` and returns what the server has logged of the statements that it received meanwhile. */
  async logDuring(work: () => Promise<unknown>): Promise<string> {
    const before = (await this.#logUpToNow()).length
    await work()
    return (await this.#logUpToNow()).slice(before)
  }

  /** Resolves when the server executes this statement. */
  async waitUntilRuns(sql: string): Promise<void> {
    const isRunning = (backend: Backend): boolean => backend.state === 'active' && backend.query === sql
    while (!(await this.#backends()).some(isRunning)) await sleep(pollMillis)
  }

  /** The log arrives a little later than the answers. */
  async #logUpToNow(): Promise<string> {
    const mark = `mark ${++this.#marks}.`
    await this.#ask(`SELECT 1 /* ${mark} */`)
    while (this.#server?.log().includes(mark) !== true) await sleep(pollMillis)
    return this.#server.log()
  }

  #backends(): Promise<Backend[]> {
    return this.#ask<Backend>(otherClients)
  }

  async #ask<Row extends object>(sql: string): Promise<Row[]> {
    ok(this.#observer !== undefined, 'the server of the conformance suite is not started')
    return (await this.#observer.query<Row>(sql)).rows
  }

  get #url(): string {
    ok(this.#server !== undefined, 'the server of the conformance suite is not started')
    return this.#server.url
  }
}

/** Logs nothing unless its options say so. */
export function quietGuard(options: GuardOptions): Guard {
  return createGuard({ logger: { warn() {} }, ...options })
}

function isGuard(given: Guard | GuardOptions | undefined): given is Guard {
  return given !== undefined && 'inspect' in given
}

/**
 * Calls as an application does. The stack of a refusal must lead here.
 *
 * @returns the error that the call rejects with
 */
export async function refusalOf(call: () => Promise<unknown>): Promise<UnsafeStatementError> {
  const error = await calledByApplication(call)
  // By name, as the adapter may use another copy of @poolsafe/core.
  equal((error as Error | undefined)?.name, 'UnsafeStatementError', `the call was not refused: ${String(error)}`)
  return error as UnsafeStatementError
}

async function calledByApplication(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return undefined
}

/** Checks that the stack of a refusal shows who called. */
export function checkStack(error: Error): void {
  ok(error.stack?.includes(calledByApplication.name), `the stack does not lead to the caller:\n${error.stack}`)
}

/** Checks that both outcomes are the same. @param varies the answer differs each time: only its form is compared */
export function checkSame(guarded: Outcome | undefined, unguarded: Outcome, varies: boolean): void {
  if (varies) equal(formOf(guarded), formOf(unguarded))
  else deepEqual(guarded, unguarded)
}

function formOf(outcome: Outcome | undefined): string {
  const text = JSON.stringify(outcome, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  return text.replaceAll(/[0-9A-F]+/g, '0')
}

/** Reads all values of a stream. */
export async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of stream) values.push(value)
  return values
}

/** A way to send a statement with a client. */
export type Send<Client> = (client: Client, sql: string) => Promise<readonly unknown[]>

/** The plain query of a client. */
export const plain: Send<ConformanceClient> = ({ query }, sql) => query(sql)
