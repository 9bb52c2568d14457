import type { Node } from 'libpg-query'

const isolation = '(?: isolation level (?:serializable|repeatable read|read committed|read uncommitted))?'
const access = '(?: read only| read write)?'
const begins = new RegExp(`^begin(?: work| transaction)?${isolation}${access}$`, 'i')
const starts = new RegExp(`^start transaction${isolation}${access}$`, 'i')
const setsTransaction = new RegExp(`^set transaction${isolation}${access}$`, 'i')
const commits = /^(?:commit|end)(?: work| transaction)?$/i
const rollsBack = /^(?:rollback|abort)(?: work| transaction)?$/i
const rollsBackTo = /^rollback to(?: savepoint)? (?:"[^"]+"|[a-z_][a-z_0-9]*)$/i

const longest = 80

/**
 * The statement that a text of plain transaction control holds, as the parser would give it; `undefined` for every
 * other text. Drivers and ORMs send these around nearly every transaction: knowing them here, an application whose
 * SQL is otherwise plain never loads the parser.
 */
export function plainTransactionControl(sql: string): Node | undefined {
  if (sql.length > longest) return undefined
  const text = sql.endsWith(';') ? sql.slice(0, -1) : sql
  if (begins.test(text)) return { TransactionStmt: { kind: 'TRANS_STMT_BEGIN' } }
  if (starts.test(text)) return { TransactionStmt: { kind: 'TRANS_STMT_START' } }
  if (commits.test(text)) return { TransactionStmt: { kind: 'TRANS_STMT_COMMIT' } }
  if (rollsBack.test(text)) return { TransactionStmt: { kind: 'TRANS_STMT_ROLLBACK' } }
  if (rollsBackTo.test(text)) return { TransactionStmt: { kind: 'TRANS_STMT_ROLLBACK_TO' } }
  if (setsTransaction.test(text)) return { VariableSetStmt: { kind: 'VAR_SET_MULTI', name: 'TRANSACTION' } }
  return undefined
}
