/** Sends one statement and returns its rows. Values are sent as parameters, all of them as text. */
export type Run = (text: string, values?: readonly string[]) => Promise<readonly Row[]>

/** One row by the names of its columns. Drivers return booleans and text as such. */
export type Row = Readonly<Record<string, unknown>>

/** The functions of a driver or an ORM that a helper needs. `Session` is passed to the application's function. */
export interface Database<Session> {
  /** Returns true inside an open transaction. Helpers then use that one instead of a new one. */
  readonly isInTransaction: boolean
  /**
   * Runs `work` in the open transaction, or in a new one: committed when `work` resolves, rolled back when it rejects.
   * Errors are those of the driver.
   */
  transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /** Returns what sends statements on the connection of a session. */
  runOn(session: Session): Run
}
