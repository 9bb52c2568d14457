/** A statement with the place where it is sent. */
export interface Statement {
  readonly sql: string
  /** @default false */
  readonly inTransaction?: boolean
}

/** Statements of autocommit. */
export function alone(...texts: readonly string[]): readonly Statement[] {
  return texts.map((sql) => ({ sql }))
}

/** Statements inside an open transaction. */
export function inTransaction(...texts: readonly string[]): readonly Statement[] {
  return texts.map((sql) => ({ sql, inTransaction: true }))
}
