import { parseSync, rawTransferSupported, visitorKeys, type Node, type ParseResult } from 'oxc-parser'

import { isComponent } from './components.ts'
import { mayNestTooDeeply, survivesParsing } from './deep-nesting.ts'

/** A node of the syntax tree (ESTree with TypeScript). */
export type { Node } from 'oxc-parser'

/** A comment with its place in the source. */
export interface Comment {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** A parsed file of JavaScript or TypeScript. All positions are in UTF-16 units. */
export interface Syntax {
  readonly path: string
  readonly source: string
  readonly root: Node
  readonly comments: readonly Comment[]
  /** Every node but the root, with the node around it. */
  readonly parents: ReadonlyMap<Node, Node>
  /** Every node, in the order of the source. */
  readonly nodes: readonly Node[]
  /** The nodes that may send SQL. */
  readonly calls: readonly Call[]
  readonly tagged: readonly Tagged[]
}

/** A call or a construction. */
export type Call = Extract<Node, { type: 'CallExpression' | 'NewExpression' }>
/** A template with a tag. */
export type Tagged = Extract<Node, { type: 'TaggedTemplateExpression' }>

/** The file is not JavaScript or TypeScript, or is broken. */
export class SyntaxRefused extends Error {
  override readonly name: string = 'SyntaxRefused'
}

const canTransfer = rawTransferSupported()

/**
 * Parses a file by its name and content.
 *
 * @throws SyntaxRefused with the parser's first message
 */
export function parseCode(path: string, source: string): Syntax {
  if (mayNestTooDeeply(source) && !survivesParsing(source, langOf(path)))
    throw new SyntaxRefused('it is nested too deeply')
  const { program, comments } =
    parseAs('module', path, source) ??
    parseAs('script', path, source) ??
    parseAs('module', path, source.replaceAll('@flow', '@f___'), 'tsx') ??
    refuse(path, source)
  const found = { parents: new Map<Node, Node>(), nodes: [], calls: [], tagged: [] }
  collect(program, found)
  return { path, source, root: program, comments, ...found }
}

/** @returns `undefined` for a text that is no module or no script */
function parseAs(
  sourceType: 'module' | 'script',
  path: string,
  source: string,
  lang: Lang = langOf(path),
): ParseResult | undefined {
  // Raw transfer skips JSON between the parser and JavaScript. Not every Node supports it.
  const options = { experimentalRawTransfer: canTransfer, lang, sourceType }
  const result = parseSync(path, source, options)
  // The parser recovers from errors of meaning, such as a name that is declared twice.
  const isRead = result.errors.length === 0 || result.program.body.length > 0
  return isRead ? result : undefined
}

function refuse(path: string, source: string): never {
  const [error] = parseSync(path, source, { lang: langOf(path), sourceType: 'module' }).errors
  throw new SyntaxRefused(error?.message ?? 'it is not JavaScript or TypeScript')
}

type Lang = 'ts' | 'tsx' | 'jsx'

/** JavaScript may hold JSX. Types in it are those of Flow, and most of them read as TypeScript. */
function langOf(path: string): Lang {
  if (/\.[mc]?ts$/.test(path) || isComponent(path)) return 'ts'
  return path.endsWith('.tsx') ? 'tsx' : 'jsx'
}

/** The nodes that one walk through a tree collects. */
interface Collected {
  readonly parents: Map<Node, Node>
  readonly nodes: Node[]
  readonly calls: Call[]
  readonly tagged: Tagged[]
}

function collect(node: Node, found: Collected): void {
  found.nodes.push(node)
  if (isCall(node)) found.calls.push(node)
  else if (node.type === 'TaggedTemplateExpression') found.tagged.push(node)
  for (const key of visitorKeys[node.type] ?? []) {
    const value = (node as unknown as Readonly<Record<string, unknown>>)[key]
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (!isNode(child)) continue
      found.parents.set(child, node)
      collect(child, found)
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** Returns true for a call or a construction. */
export function isCall(node: Node): node is Call {
  return node.type === 'CallExpression' || node.type === 'NewExpression'
}

/** Returns the part of a list in the order of the source that lies within a node. */
export function within<T extends Node>(sorted: readonly T[], { start, end }: Node): T[] {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle]?.start ?? 0) < start) low = middle + 1
    else high = middle
  }
  const found: T[] = []
  for (let at = low; at < sorted.length; at++) {
    const node = sorted[at]
    if (node === undefined || node.start >= end) break
    if (node.end <= end) found.push(node)
  }
  return found
}

/** Returns the nodes around a node, from the inside out. */
export function* ancestors({ parents }: Syntax, node: Node): Generator<Node> {
  for (let at = parents.get(node); at !== undefined; at = parents.get(at)) yield at
}

/** Returns true for the node of a function. */
export function isFunction(node: Node): boolean {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  )
}

/** Removes what does not change a value: parentheses, `as`, `satisfies`, `!`, `await`, an optional chain. */
export function bare(node: Node): Node {
  switch (node.type) {
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'ChainExpression':
      return bare(node.expression)
    case 'AwaitExpression':
      return bare(node.argument)
    default:
      return node
  }
}

/** Returns the last name of what is called: `query` of `this.pool.query`. */
export function lastName(node: Node): string | undefined {
  const callee = bare(node)
  if (callee.type === 'Identifier') return callee.name
  if (callee.type !== 'MemberExpression') return undefined
  if (!callee.computed && 'name' in callee.property) return callee.property.name
  return callee.property.type === 'Literal' && typeof callee.property.value === 'string'
    ? callee.property.value
    : undefined
}

/** Returns the names of a chain from left to right, calls left out: `['db', 'transaction', 'execute']`. */
export function chainOf(node: Node): string[] {
  const at = bare(node)
  switch (at.type) {
    case 'Identifier':
      return [at.name]
    case 'ThisExpression':
      return ['this']
    case 'MemberExpression':
      return [...chainOf(at.object), lastName(at) ?? '?']
    case 'CallExpression':
    case 'NewExpression':
      return chainOf(at.callee)
    case 'TaggedTemplateExpression':
      return chainOf(at.tag)
    default:
      return ['?']
  }
}
