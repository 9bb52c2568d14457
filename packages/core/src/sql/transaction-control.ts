import type { Node, TransactionStmtKind } from '@pgsql/types'

/** The commands that drivers send themselves. Adapters observe or send them by these texts. */
export const transactionTexts = { begin: 'BEGIN', commit: 'COMMIT', rollback: 'ROLLBACK' } as const

const isolation = '(?: isolation level (?:serializable|repeatable read|read committed|read uncommitted))?'
const access = '(?: read only| read write)?'
const name = '(?:"([^"]+)"|([a-z_][a-z_0-9]*))'

const forms: readonly (readonly [TransactionStmtKind, RegExp])[] = [
  ['TRANS_STMT_BEGIN', new RegExp(`^begin(?: work| transaction)?${isolation}${access}$`, 'i')],
  ['TRANS_STMT_START', new RegExp(`^start transaction${isolation}${access}$`, 'i')],
  ['TRANS_STMT_COMMIT', /^(?:commit|end)(?: work| transaction)?$/i],
  ['TRANS_STMT_ROLLBACK', /^(?:rollback|abort)(?: work| transaction)?$/i],
  ['TRANS_STMT_SAVEPOINT', new RegExp(`^savepoint ${name}$`, 'i')],
  ['TRANS_STMT_RELEASE', new RegExp(`^release(?: savepoint)? ${name}$`, 'i')],
  ['TRANS_STMT_ROLLBACK_TO', new RegExp(`^rollback to(?: savepoint)? ${name}$`, 'i')],
]
const setsTransaction = new RegExp(`^set transaction${isolation}${access}$`, 'i')

const longest = 80

/** In bytes: PostgreSQL's NAMEDATALEN - 1. */
const longestName = 63

/**
 * The statement that a text of plain transaction control holds, as the parser would give it; `undefined` for every
 * other text. Drivers and ORMs send these around nearly every transaction: knowing them here, an application whose
 * SQL is otherwise plain never loads the parser.
 */
export function plainTransactionControl(sql: string): Node | undefined {
  if (sql.length > longest) return undefined
  const text = sql.endsWith(';') ? sql.slice(0, -1) : sql
  if (setsTransaction.test(text)) return { VariableSetStmt: { kind: 'VAR_SET_MULTI', name: 'TRANSACTION' } }
  for (const [kind, form] of forms) {
    const found = form.exec(text)
    if (found === null) continue
    const [, quoted, bare] = found
    // PostgreSQL folds a bare name to lower case.
    const savepoint = quoted ?? bare?.toLowerCase()
    // PostgreSQL keeps 63 bytes of it; the parser knows where the last character ends.
    if (savepoint !== undefined && Buffer.byteLength(savepoint) > longestName) return undefined
    return { TransactionStmt: { kind, ...(savepoint !== undefined && { savepoint_name: savepoint }) } }
  }
  return undefined
}
