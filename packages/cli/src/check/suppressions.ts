import type { RuleId } from '@poolsafe/core'
import { readComments } from '@poolsafe/core/internal'
import type { SourceFile } from './code/source-file.ts'
import { bare, isFunction, lastName, type Node, type Syntax } from './code/syntax.ts'
import type { CheckFinding, Problem } from './finding.ts'
import type { Lines } from './lines.ts'
import { partsOf } from './sql/lexer.ts'

const word = 'poolsafe-allow'

/** A comment or a scope that allows rules in a part of a file. */
export interface Suppression {
  readonly rules: readonly RuleId[]
  /** The offset to report it at. */
  readonly at: number
  /** The part of the file in which it holds. */
  readonly from: number
  readonly to: number
  /** It also holds in what the code runs elsewhere, so it may be needed although nothing is found here. */
  readonly isScope?: true
}

/** The suppressions of a file, and comments that are malformed. */
export interface Suppressions {
  readonly all: readonly Suppression[]
  readonly problems: readonly Problem[]
}

/** A part of a file in which a comment holds. */
interface Comment {
  readonly text: string
  readonly at: number
  readonly from: number
  readonly to: number
}

/**
 * Reads the suppressions of a file of code: comments in front of a statement or behind it on its line, comments in its
 * SQL, and the callbacks of `allow(rule, reason, fn)`.
 *
 * @param texts SQL texts with the part of the file that they stand in
 */
export function suppressionsOfCode(
  file: SourceFile,
  texts: readonly { readonly sql: string; readonly node: Node }[],
  where: Where,
): Suppressions {
  const { syntax } = file
  const comments = syntax.comments
    .filter(({ value }) => value.includes(word))
    .map(({ value, start, end }) =>
      Object.assign({ text: `/*${value}*/`, at: start }, rangeOf(start, end, syntax, where.lines)),
    )
  const inSql = texts
    .filter(({ sql }) => sql.includes(word))
    .map(({ sql, node }) => ({ text: sql, at: node.start, from: node.start, to: node.end }))
  const read = readAll([...comments, ...inSql], where)
  return { ...read, all: [...read.all, ...scopesOf(syntax)] }
}

/** The position of a file, for reports. */
export interface Where {
  readonly path: string
  readonly lines: Lines
}

/** From a comment to the end of the statement that follows it; at the end of a line, from the start of that line. */
function rangeOf(start: number, end: number, { source, nodes }: Syntax, lines: Lines): { from: number; to: number } {
  const { line } = lines.at(start)
  const lineStart = lines.startOf(line)
  if (source.slice(lineStart, start).trim() !== '') return { from: lineStart, to: lines.startOf(line + 1) }
  const next = end + source.slice(end).search(/(?!\/\/|\/\*)\S(?<!\/\/[^\n]*)|$/)
  const following = nodes.filter((node) => node.start >= end && node.start <= next && node.type !== 'Program')
  return { from: start, to: Math.max(end, ...following.map((node) => node.end)) }
}

/** Reads the suppressions of a file of SQL: comments in a statement, in front of it, or behind it on its line. */
export function suppressionsOfScript(
  source: string,
  statements: readonly { readonly from: number; readonly to: number }[],
  where: Where,
): Suppressions {
  const comments = partsOf(source)
    .filter(({ place, from, to }) => place === 'comment' && source.slice(from, to).includes(word))
    .map(({ from, to }) =>
      Object.assign({ text: source.slice(from, to), at: from }, statementAt(from, to, source, statements, where.lines)),
    )
  return readAll(comments, where)
}

function statementAt(
  from: number,
  to: number,
  source: string,
  statements: readonly { readonly from: number; readonly to: number }[],
  lines: Lines,
): { from: number; to: number } {
  const lineStart = lines.startOf(lines.at(from).line)
  const isBehind = source.slice(lineStart, from).trim() !== ''
  const found = isBehind
    ? statements.findLast((statement) => statement.from < from)
    : statements.find((statement) => statement.to > from)
  return found === undefined ? { from, to } : { from: Math.min(from, found.from), to: Math.max(to, found.to) }
}

function readAll(comments: readonly Comment[], { path, lines }: Where): Suppressions {
  const all: Suppression[] = []
  const problems: Problem[] = []
  for (const { text, at, from, to } of comments) {
    const { exceptions, problem } = readComments(text)
    all.push(...exceptions.map(({ rules }) => ({ rules, at, from, to })))
    const [first = ''] = problem?.message.split('\n') ?? []
    if (problem !== undefined) problems.push({ path, line: lines.at(at).line, message: first })
  }
  return { all, problems }
}

/** The callbacks of `guard.allow('session/set', 'why', fn)`. */
function scopesOf({ calls }: Syntax): Suppression[] {
  return calls.flatMap((node): Suppression[] => {
    if (node.type !== 'CallExpression' || lastName(node.callee) !== 'allow' || node.arguments.length !== 3) return []
    const [rule, , run] = node.arguments
    if (rule === undefined || run === undefined || !isFunction(bare(run))) return []
    return [{ rules: idsOf(rule), at: node.start, from: run.start, to: run.end, isScope: true }]
  })
}

function idsOf(given: Node): RuleId[] {
  const node = bare(given)
  const values = node.type === 'ArrayExpression' ? node.elements : [node]
  return values.flatMap((value) =>
    value !== null && value.type === 'Literal' && typeof value.value === 'string' ? [value.value as RuleId] : [],
  )
}

/** The findings that no suppression covers, and the suppressions that cover none. */
export interface Remaining {
  readonly findings: readonly CheckFinding[]
  readonly problems: readonly Problem[]
}

/** Removes the findings that are allowed, and reports the comments that allow nothing. */
export function suppress(
  found: readonly CheckFinding[],
  { all, problems }: Suppressions,
  { path, lines }: Where,
): Remaining {
  if (all.length === 0) return { findings: found, problems }
  const used = new Map(all.map((each) => [each, new Set<RuleId>()]))
  const findings = found.filter(({ rule, line, column }) => {
    const offset = lines.startOf(line) + column - 1
    const covering = all.filter(({ rules, from, to }) => rules.includes(rule) && from <= offset && offset < to)
    for (const each of covering) used.get(each)?.add(rule)
    return covering.length === 0
  })
  const unused = all.flatMap((each) => unusedOf(each, used.get(each) ?? new Set(), path, lines))
  return { findings, problems: [...problems, ...unused] }
}

function unusedOf(
  { rules, at, isScope }: Suppression,
  used: ReadonlySet<RuleId>,
  path: string,
  lines: Lines,
): Problem[] {
  const unused = isScope === true ? [] : rules.filter((rule) => !used.has(rule))
  if (unused.length === 0) return []
  return [{ path, line: lines.at(at).line, message: `${word} ${unused.join(', ')} allows nothing here: remove it` }]
}
