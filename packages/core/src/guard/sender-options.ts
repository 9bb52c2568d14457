import type { Analysis, Answer } from '../analyze/analysis.ts'
import type { PoolsafeError } from '../errors.ts'
import type { Layer } from '../stack/origin.ts'
import type { Transaction } from '../transaction/transaction.ts'

/** How a driver answers. One object for each adapter. */
export interface AnswerReader {
  /** Names the adapter in events and log lines. */
  readonly layer: Layer
  /** Returns the number of rows that were returned or changed; `undefined` if the driver does not say. */
  readonly rowsOf: (result: unknown) => number | undefined
  /** Returns the server's SQLSTATE; `undefined` for an error that did not come from the server. */
  readonly sqlStateOf: (error: unknown) => string | undefined
  /** Returns the rows and the command tag, which some rules judge. */
  readonly answerOf: (result: unknown) => Answer
}

/** The facts that a sender knows about its connection. */
export interface SenderOptions {
  /**
   * Follows the transaction of the connection that the caller holds.
   *
   * @default the driver acquires a connection for each statement
   */
  readonly transaction?: Transaction | undefined
  /** `false`: a guarded pool below observes the statements. @default true */
  readonly isObserved?: boolean
  /** Returns true if the driver sends this input as a named statement. @default never */
  readonly isNamed?: ((input: unknown) => boolean) | undefined
  /** Hears of a refusal. Returns the error that the caller gets. @default the refusal */
  readonly onRefusal?: (refusal: PoolsafeError, analysis: Analysis) => PoolsafeError
  /** Sends another text in the place of the application's. @default statements are not repaired */
  readonly rewriter?: Rewriter | undefined
  /**
   * Returns when the driver's own queue gave this input a connection, on the clock of `performance.now()`. `Infinity`:
   * never. @default the driver queues nothing
   */
  readonly sentAtOf?: ((input: unknown) => number | undefined) | undefined
  /** Returns true if the driver ends the open transaction by a statement that passes this sender. @default never */
  readonly seesEnd?: () => boolean
}

/** How an adapter sends a repaired statement. It changes nothing that the application has passed. */
export interface Rewriter {
  /** Returns a copy of the driver's input with another text. */
  readonly withText: (input: never, sql: string) => unknown
  /** Returns a copy with another text and without a name, for the end of a transaction. @default withText */
  readonly withEnd?: (input: never, sql: string) => unknown
  /** Returns the values of the parameters, if the input has any. */
  readonly parametersOf: (input: never) => readonly unknown[] | undefined
  /** Returns why the input cannot have another text, after "not repaired: ". @default it can */
  readonly keepsText?: (input: never) => string | undefined
}
