import type { Finding } from '@poolsafe/core'
import type { Statement } from './statements.ts'

/** A finding in a text, with the statement that has it. */
export interface Located {
  readonly finding: Finding
  readonly statement: Statement
}
