import type { Node } from '@pgsql/types'
import type { Telltale } from './effect.ts'
import type { Rule } from './rule.ts'

const told = {
  outcome: 'ineffective',
  consequence: 'was answered with ROLLBACK: nothing of its transaction was saved',
} as const

function tells(statement: Node): Telltale[] {
  const kind = 'TransactionStmt' in statement ? statement.TransactionStmt.kind : undefined
  const what =
    kind === 'TRANS_STMT_COMMIT' ? 'COMMIT' : kind === 'TRANS_STMT_PREPARE' ? 'PREPARE TRANSACTION' : undefined
  if (what === undefined) return []
  return [{ command: 'ROLLBACK', effect: { does: 'ineffective', state: 'transaction', what, when: 'always', told } }]
}

/**
 * PostgreSQL takes a COMMIT of an aborted transaction without an error, and says ROLLBACK in its answer; drivers
 * resolve.
 */
export const commitRolledBack: Rule<'transaction/commit-rolled-back'> = {
  id: 'transaction/commit-rolled-back',
  title: 'a COMMIT that the server answered with ROLLBACK',
  why: 'a statement failed earlier in the transaction, and its error was caught and not thrown again. PostgreSQL has aborted the transaction and answers COMMIT with the tag ROLLBACK and no error, so the driver reports success',
  instead:
    'let the error of a statement end the transaction: ROLLBACK, and throw it again. To continue after an expected error, send SAVEPOINT before the statement and ROLLBACK TO after the error',
  remedy: {
    sql: `BEGIN;
INSERT INTO orders (item) VALUES ('book');
SAVEPOINT optional;
INSERT INTO notes (item) VALUES ('book');
-- Only where that failed:
ROLLBACK TO optional;
COMMIT;`,
    pg: `try {
  await client.query('BEGIN')
  await client.query('INSERT INTO orders (item) VALUES ($1)', [item])
  await client.query('COMMIT')
} catch (error) {
  await client.query('ROLLBACK')
  throw error
}`,
  },
  examples: { unsafe: [], safe: ['COMMIT', 'BEGIN; SAVEPOINT a; SELECT 1; ROLLBACK TO a; COMMIT', 'ROLLBACK'] },
  answer: { when: 'a COMMIT, or PREPARE TRANSACTION, that the server answers with ROLLBACK', tells },
}
