import { PoolsafeError } from '../errors.ts'

/** How a statement that took too long ended. */
export interface StatementEnd {
  readonly wasCancelled: boolean
  readonly wasSent: boolean
}

const cancelled = {
  became: 'the server cancelled it',
  why: 'it is slow, it waits for a lock, or outside a transaction for a server connection of the pooler',
  instead:
    'look for its lock in pg_stat_activity and its plan with EXPLAIN; what may take longer sets its own limit in its transaction: SET LOCAL statement_timeout',
}

const unanswered = {
  became:
    'the server did not answer a cancel request either, so the connection was closed; the statement may still be running',
  why: 'nothing came back: the network between this process and the server is silent, the server or its pooler is frozen, or outside a transaction the pooler has no server connection free',
  instead:
    'check that the server and the pooler are reachable and running; find out whether the statement was done before it is sent again (pg_stat_activity shows whether it still runs)',
}

const unsent = {
  became: 'it was never sent, and its connection was closed',
  why: 'the connection no longer answers: the network between this process and the server is silent, or the server or its pooler is frozen or overloaded',
  instead:
    'check that the server and the pooler are reachable and running; nothing has run, so the call can be made again',
}

/**
 * A statement ran for longer than `statementTimeoutMillis`. The `cause` is the driver's error. The statement's effects
 * are rolled back if {@link wasCancelled}.
 */
export class StatementTimeoutError extends PoolsafeError {
  static override readonly name: string = 'StatementTimeoutError'
  /** `statementTimeoutMillis`. */
  readonly limitMillis: number
  /** How long it ran after it was sent, including the wait for a server connection of the pooler. */
  readonly ranMillis: number
  /** The statement text, with its literals replaced by `?`, cut at 300 characters. */
  readonly statement: string
  /**
   * True if the server confirmed that it ended the statement. Otherwise the connection was closed, and the statement
   * may still run.
   */
  readonly wasCancelled: boolean
  /**
   * True if the statement was sent. Otherwise the connection did not answer an earlier statement, and this one has not
   * run.
   */
  readonly wasSent: boolean

  /** @param statement the redacted statement text */
  constructor(
    limitMillis: number,
    ranMillis: number,
    statement: string,
    { wasCancelled, wasSent }: StatementEnd,
    cause: unknown,
  ) {
    const { became, why, instead } = wasCancelled ? cancelled : wasSent ? unanswered : unsent
    super(
      [
        `a statement ran for longer than ${limitMillis} ms`,
        `  statement  ${statement}`,
        `  ran        ${Math.round(ranMillis)} ms; ${became}`,
        `  why        ${why}`,
        `  instead    ${instead}`,
        '  docs       node_modules/@poolsafe/core/docs/checkout.md',
      ].join('\n'),
      { cause },
    )
    this.limitMillis = limitMillis
    this.ranMillis = ranMillis
    this.statement = statement
    this.wasCancelled = wasCancelled
    this.wasSent = wasSent
  }
}

/**
 * A BEGIN had no answer for longer than `poolerWaitTimeoutMillis`. No statement has run, so the call can be repeated.
 * Its connection is closed.
 */
export class PoolerWaitError extends PoolsafeError {
  static override readonly name: string = 'PoolerWaitError'
  /** How long the BEGIN waited after it was sent. */
  readonly poolerWaitMillis: number
  /** `poolerWaitTimeoutMillis`. */
  readonly limitMillis: number
  /** The ORM's name for the call, such as `User.findMany`, if known. */
  readonly operation: string | undefined

  constructor(poolerWaitMillis: number, limitMillis: number, operation: string | undefined) {
    super(
      [
        `waited ${Math.round(poolerWaitMillis)} ms for the answer to a BEGIN`,
        ...(operation === undefined ? [] : [`  by         ${operation}`]),
        '  why        behind a pooler every client gets a connection at once, and the first statement waits until the pooler has a server connection free: all of them are held by transactions',
        '  instead    shorten the transactions that hold them (no HTTP call and no waiting for a user inside), make the pools of the application together no larger than those of the pooler, or raise the pooler’s pool size up to what the server bears',
        '  safe       nothing has run: the call can be made again',
        '  docs       node_modules/@poolsafe/core/docs/checkout.md',
      ].join('\n'),
    )
    this.poolerWaitMillis = poolerWaitMillis
    this.limitMillis = limitMillis
    this.operation = operation
  }
}
