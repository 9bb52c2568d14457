import { transactionTexts } from '@poolsafe/core/internal'

// The texts that postgres.js itself sends in `sql.begin`. The names of savepoints are those of poolsafe: one is as good
// as another to follow a transaction.

export const rollbackText: string = transactionTexts.rollback

/** @param prepared the name that `sql.prepare` has set */
export function endText(prepared: string | undefined): string {
  return prepared === undefined ? transactionTexts.commit : `PREPARE TRANSACTION '${prepared.replaceAll("'", "''")}'`
}

export function savepointText(name: string): string {
  return `SAVEPOINT ${name}`
}

export function rollbackToText(name: string): string {
  return `ROLLBACK TO SAVEPOINT ${name}`
}
