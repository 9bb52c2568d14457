import type { StatementKind } from './statement-kind.ts'

const kinds: ReadonlySet<StatementKind> = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with'])
/** What belongs to each transaction, and no batch could do: the settings of row-level policies, locks, and waiting. */
const perTransaction = /\b(?:set_config|pg_(?:try_)?advisory\w*|pg_sleep\w*|pg_notify)\s*\(/i

/** Whether a statement that is sent often could be sent once instead. */
export function isRepeatable(kind: StatementKind, shown: string): boolean {
  return kinds.has(kind) && !perTransaction.test(shown)
}
