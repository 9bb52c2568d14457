import type { Filled } from '../sql/fill-holes.ts'
import type { CodeText } from './code-text.ts'
import { turnsOfCall, turnsOfSql } from './open-transactions.ts'
import { functionAround } from './receivers.ts'
import type { SourceFile } from './source-file.ts'
import { ancestors, type Node } from './syntax.ts'

/** A text that is certainly sent inside a transaction, with its SQL. */
export interface InTransaction {
  readonly text: CodeText
  readonly filled: readonly Filled[]
}

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
  const ofTexts = sent.flatMap(({ text, filled }) =>
    text.receiverName === receiverName
      ? filled.flatMap(({ sql }) => turnsOfSql(sql)).map((does) => ({ does, node: text.sender }))
      : [],
  )
  const ofCalls = file.syntax.calls.flatMap(turnsOfCall).filter(({ receiver }) => receiver === receiverName)
  const turns = [...ofTexts, ...ofCalls].filter(({ node }) => isOwn(node))
  return (
    turns.every(({ does }) => does !== 'commit') &&
    turns.some(({ does, node }) => does === 'rollback' && node.start > sender.end && !isInCatch(node, file))
  )
}

function isInCatch(node: Node, { syntax }: SourceFile): boolean {
  return [...ancestors(syntax, node)].some(({ type }) => type === 'CatchClause')
}
