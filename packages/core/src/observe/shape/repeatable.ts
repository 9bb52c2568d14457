import type { StatementKind } from './statement-kind.ts'

const kinds: ReadonlySet<StatementKind> = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with'])
/**
 * Statements that belong to each transaction and cannot be batched: settings for row-level policies, locks, and
 * waiting.
 */
const perTransaction = /\b(?:set_config|pg_(?:try_)?advisory\w*|pg_sleep\w*|pg_notify)\s*\(/i

/** Returns true if a statement that is sent often could be sent once instead. */
export function isRepeatable(kind: StatementKind, shown: string): boolean {
  return kinds.has(kind) && !perTransaction.test(shown)
}
