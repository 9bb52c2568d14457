import type { Analysis } from '../analyze/analysis.ts'
import { shared, type Slot } from '../shared.ts'

/** Receives each statement that a guard judges, once, before it is sent. */
export type StatementListener = (sql: string, analysis: Analysis) => void

/**
 * Receives the statements of every guard while it is set; only the matchers of `@poolsafe/testing` set it. Process-wide
 * because a matcher counts the statements of every copy of this package that the application has loaded.
 */
export const statementListener: Slot<StatementListener> = shared('statement-listener', () => ({ current: undefined }))
