/** The way in which the statements of a transaction reach the server. */
export type Form = 'pg' | 'pipelined pg' | 'Kysely' | 'Kysely transaction' | 'Prisma'

/** One statement, with the values of its parameters; or several that belong together, with a `;` and a new line between. */
export interface MadeStatement {
  readonly sql: string
  readonly values?: readonly unknown[]
  /** The driver refuses it, since its values are no array. It is a text of its own. */
  readonly isNeverSent?: true
  /** How node-postgres sends it, if not as an ordinary query. It is a text of its own. */
  readonly way?: Way
}

/**
 * - `unread`: a cursor that is closed without a read, so that the server only plans the statement
 * - `read`: a cursor that is read once
 * - `dropped`: queued behind a slow statement for longer than its `query_timeout`, so that it is hardly ever sent
 */
export type Way = 'unread' | 'read' | 'dropped'

/** The statements that a driver sends as one text. */
export type SentText = readonly MadeStatement[]

/** A transaction that the generator made. */
export interface MadeTransaction {
  readonly form: Form
  readonly texts: readonly SentText[]
  /** If the form ends the transaction itself, it sends COMMIT instead of ROLLBACK. */
  readonly commits: boolean
}

/** Kinds of session state that the server shows. */
export const kinds = ['setting', 'role', 'prepared', 'listen', 'temporary', 'lock', 'cursor'] as const
export type Kind = (typeof kinds)[number]

/** The SQL of a text. */
export function sqlOf(text: SentText): string {
  return text.map(({ sql }) => sql).join('; ')
}

/** Returns true if the form sends BEGIN and COMMIT itself. */
export function isClosedByForm(form: Form): boolean {
  return form === 'Prisma' || form === 'Kysely transaction'
}
