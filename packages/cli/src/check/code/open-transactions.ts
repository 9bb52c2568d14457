import { analyze } from '@poolsafe/core/adapter'
import type { CodeText } from './code-text.ts'
import { functionAround } from './receivers.ts'
import type { SourceFile } from './source-file.ts'
import { ancestors, bare, chainOf, lastName, type Call, type Node } from './syntax.ts'
import { fillHoles } from '../sql/fill-holes.ts'
import { fixedText } from '../sql/pieces.ts'

type Does = 'begin' | 'commit' | 'rollback'

/** A place in the code where a transaction begins or ends. */
interface Turn {
  readonly does: Does
  readonly node: Node
  /** The receiver of the statement, as it is written. */
  readonly receiver: string
}

const beginning = /^(?:startTransaction|beginTransaction|begin)$/
const turnWords = /\b(?:begin|start|commit|end|rollback|abort)\b/i
const ending = /^(?:commitTransaction|rollbackTransaction|commit|rollback)$/

/** Finds the texts that follow a BEGIN in the same function, or in one around it, on the same receiver. */
export function textsAfterBegin(texts: readonly CodeText[], file: SourceFile): ReadonlySet<CodeText> {
  const turns = [...texts.flatMap(turnsOfText), ...file.syntax.calls.flatMap(turnsOfCall)]
  if (!turns.some(({ does }) => does === 'begin')) return new Set()
  const certain = turns
    .filter(({ does, node }) => does === 'begin' || !isConditional(node, file))
    .toSorted((one, other) => one.node.start - other.node.start)
  return new Set(texts.filter((text) => isOpenAt(text, certain, file)))
}

function isOpenAt({ sender, receiverName }: CodeText, turns: readonly Turn[], file: SourceFile): boolean {
  const functions = new Set([functionAround(sender, file), ...ancestors(file.syntax, sender)])
  const last = turns.findLast(
    ({ node, receiver }) =>
      node.end <= sender.start && receiver === receiverName && functions.has(functionAround(node, file)),
  )
  return last?.does === 'begin'
}

function turnsOfText({ variants, sender, receiverName }: CodeText): Turn[] {
  const [pieces] = variants
  if (pieces === undefined || !turnWords.test(fixedText(pieces))) return []
  const { sql, isRead } = fillHoles(pieces)
  if (!isRead) return []
  return turnsOfSql(sql).map((does) => ({ does, node: sender, receiver: receiverName }))
}

/** Returns how the statements of a text begin and end transactions. */
export function turnsOfSql(sql: string): Does[] {
  if (!turnWords.test(sql)) return []
  return analyze(sql).steps.flatMap(({ control }) => {
    const does = control?.does
    return does === 'begin' || does === 'commit' || does === 'rollback' ? [does] : []
  })
}

/** `queryRunner.startTransaction()`. With a callback it is a transaction of its own. */
export function turnsOfCall(node: Call): Turn[] {
  const name = lastName(node.callee) ?? ''
  const isBeginning = beginning.test(name) && node.arguments.every(({ type }) => !/Function/.test(type))
  const isTurn = isBeginning || ending.test(name)
  if (!isTurn || node.type !== 'CallExpression' || bare(node.callee).type !== 'MemberExpression') return []
  const does = isBeginning ? 'begin' : name.startsWith('commit') ? 'commit' : 'rollback'
  return [{ node, receiver: chainOf(node.callee).slice(0, -1).join('.'), does }]
}

/** In a `catch`, in an `if`, in a loop: what follows runs only if the transaction goes on. */
export function isConditional(node: Node, { syntax }: SourceFile): boolean {
  const owner = functionAround(node, { syntax } as SourceFile)
  for (const around of ancestors(syntax, node)) {
    if (around === owner) return false
    if (conditional.has(around.type)) return true
  }
  return false
}

const conditional: ReadonlySet<string> = new Set([
  'CatchClause',
  'IfStatement',
  'SwitchCase',
  'ConditionalExpression',
  'LogicalExpression',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
])
