import type { PoolerProfile } from '@poolsafe/core'
import { judgeLeft, Script } from '../sql/script.ts'
import type { CodeText } from './code-text.ts'
import { isConditional, turnsOfCall } from './open-transactions.ts'
import { functionAround } from './receivers.ts'
import { endsInRollback, type InTransaction } from './rolled-back.ts'
import type { SourceFile } from './source-file.ts'
import type { Node } from './syntax.ts'

/**
 * Returns true if statements of the same transaction take back what a text leaves, or if the text takes back what an
 * earlier one left: `SET x = 1 … RESET x`. What an error or a condition may skip takes nothing back. A rollback does
 * that, or the state outlasts it and counts.
 */
export function isTakenBack(
  rule: string,
  text: CodeText,
  sent: readonly InTransaction[],
  file: SourceFile,
  pooler: PoolerProfile,
): boolean {
  const texts = sent.filter((other) => other.text === text || isBeside(other.text, text, file))
  const from = texts.findIndex((other) => other.text === text)
  const [own = '', before = ''] = [texts.slice(from, from + 1), texts.slice(0, from)].map(joined)
  if (own === '') return false
  const start = before === '' ? 0 : before.length + separator.length
  const leaves = (sql: string, at: number): boolean =>
    judgeLeft(new Script(sql).leaves('whole'), pooler).some(
      ({ finding, statement }) => finding.rule === rule && statement.from >= at && statement.from < at + own.length,
    )
  if (!leaves(own, 0)) return false
  const isRolledBack = endsInRollback(text, sent, file) && !leaves(`${own}${separator}ROLLBACK`, 0)
  return isRolledBack || (texts.length > 1 && !leaves(joined(texts), start))
}

/** A comment at the end of a text must not swallow what follows. */
const separator = '\n;'

function joined(texts: readonly InTransaction[]): string {
  return texts.map(({ filled }) => (filled.length === 1 ? (filled[0]?.sql ?? '') : '')).join(separator)
}

/** Returns true for a statement of the same function that is sent through the same connection without a condition. */
function isBeside(other: CodeText, { sender, receiverName }: CodeText, file: SourceFile): boolean {
  return (
    other.receiverName === receiverName &&
    functionAround(other.sender, file) === functionAround(sender, file) &&
    !isConditional(other.sender, file) &&
    !endsBetween(other, sender, file)
  )
}

/** `commitTransaction()` of a query runner is no text. A COMMIT is. */
function endsBetween({ sender: one, receiverName }: CodeText, other: Node, { syntax }: SourceFile): boolean {
  const [from, to] = one.start < other.start ? [one.end, other.start] : [other.end, one.start]
  return syntax.calls.some(
    (call) =>
      call.start >= from &&
      call.end <= to &&
      turnsOfCall(call).some(({ does, receiver }) => does !== 'begin' && receiver === receiverName),
  )
}
