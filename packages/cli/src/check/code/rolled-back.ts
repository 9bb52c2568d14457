import type { Filled } from '../sql/fill-holes.ts'
import type { CodeText } from './code-text.ts'
import { turnsOfCall } from './open-transactions.ts'
import { functionAround } from './receivers.ts'
import type { SourceFile } from './source-file.ts'
import { ancestors, lastName, type Node } from './syntax.ts'

/** A text that is certainly sent inside a transaction, with its SQL. */
export interface InTransaction {
  readonly text: CodeText
  readonly filled: readonly Filled[]
}

const commits = /(?:^|;)\s*(?:commit|end)\b/i
const rollsBack = /(?:^|;)\s*(?:rollback|abort)\b(?!\s+(?:work\s+|transaction\s+)?to\b)/i

/**
 * Returns true if the transaction of a text ends in its function, always by ROLLBACK: a trial run, or an EXPLAIN of
 * something that writes. A ROLLBACK in a `catch` is only for errors, so the COMMIT may be elsewhere.
 */
export function endsInRollback(
  { sender, receiverName }: CodeText,
  sent: readonly InTransaction[],
  file: SourceFile,
): boolean {
  const owner = functionAround(sender, file)
  const isOwn = (node: Node): boolean => functionAround(node, file) === owner
  const texts = sent.filter(({ text }) => text.receiverName === receiverName && isOwn(text.sender))
  const calls = file.syntax.calls.filter(
    (call) => turnsOfCall(call).some((turn) => turn.does === 'end' && turn.receiver === receiverName) && isOwn(call),
  )
  const hasCommit =
    texts.some(({ filled }) => filled.some(({ sql }) => commits.test(sql))) ||
    calls.some(({ callee }) => lastName(callee)?.startsWith('commit') === true)
  const ends = [
    ...texts.filter(({ filled }) => filled.some(({ sql }) => rollsBack.test(sql))).map(({ text }) => text.sender),
    ...calls,
  ]
  return !hasCommit && ends.some((end) => end.start > sender.end && !isInCatch(end, file))
}

function isInCatch(node: Node, { syntax }: SourceFile): boolean {
  return [...ancestors(syntax, node)].some(({ type }) => type === 'CatchClause')
}
