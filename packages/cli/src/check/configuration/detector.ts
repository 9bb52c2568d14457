import { isDirectName } from '../code/named-direct.ts'
import type { SourceFile } from '../code/source-file.ts'
import { propertyOf } from '../code/names.ts'
import { bare, chainOf, type Call, type Node } from '../code/syntax.ts'

/** A statement that a configuration makes a library send. */
export type Sent =
  /** A statement on each new connection, outside any transaction. */
  | { readonly sql: string }
  /** A parameter of the login. */
  | { readonly startup: string }
  /** Statements with a name. */
  | { readonly isNamed: true }
  /** Everything of a migration, over a URL that leads to a pooler. */
  | { readonly isPooledUrl: true }

/** A configuration of a library that touches session state. */
export interface Fact {
  /** The place to report. */
  readonly node: Node
  /** The configuration and its effect: the start of the message. */
  readonly what: string
  readonly sends: Sent
  /** The remedy, in one sentence without its full stop. */
  readonly instead: string
  /** Only migrations use it. */
  readonly isOfMigrations?: true
  /** The fact of another file without which it does not count. */
  readonly needs?: string
}

/** Finds one kind of configuration. Its words decide which files are parsed for it. */
export interface Detector {
  /** Finds the files that may have it. */
  readonly words: RegExp
  readonly find: (file: SourceFile) => Fact[]
}

/** Returns the calls and constructions of a file whose callee has this name at its end. */
export function callsTo({ syntax }: SourceFile, name: RegExp): Call[] {
  return syntax.calls.filter(({ callee }) => name.test(chainOf(callee).at(-1) ?? ''))
}

/** Returns an argument as an object literal, followed through constants; `undefined` for anything else. */
export function objectAt(call: Call, index: number, file: SourceFile): Node | undefined {
  const given = call.arguments[index]
  return given === undefined ? undefined : objectOf(given, file)
}

/** Returns an expression as an object literal, followed through constants. */
export function objectOf(given: Node, file: SourceFile): Node | undefined {
  const node = bare(given)
  if (node.type === 'ObjectExpression') return node
  const value = node.type === 'Identifier' ? file.names.valueOf(node.name, node) : undefined
  return value !== undefined && bare(value).type === 'ObjectExpression' ? bare(value) : undefined
}

/**
 * Returns the property of an object literal, if it is set to something: not `undefined`, `false`, `0` or an empty text.
 */
export function setting(object: Node | undefined, name: string): Node | undefined {
  const value = object === undefined ? undefined : (propertyOf(object, name) ?? ofSpread(object, name))
  if (value === undefined) return undefined
  const node = bare(value)
  return isUnset(node) ? undefined : node
}

/** Returns true for `undefined`, `false`, `0` and an empty text, and for what minifiers write: `!1`, `void 0`. */
export function isUnset(node: Node): boolean {
  if (node.type === 'Identifier') return node.name === 'undefined'
  if (node.type === 'Literal') return node.value === null || !node.value
  if (node.type !== 'UnaryExpression') return false
  const { operator, argument } = node
  return operator === 'void' || (operator === '!' && argument.type === 'Literal' && Boolean(argument.value))
}

/** `...(timeout > 0 ? { statement_timeout: timeout } : {})`, `...(timeout && { statement_timeout: timeout })`. */
function ofSpread(object: Node, name: string): Node | undefined {
  if (object.type !== 'ObjectExpression') return undefined
  const spread = object.properties.flatMap((each) =>
    each.type === 'SpreadElement' ? alternativesOf(bare(each.argument)) : [],
  )
  return spread.map((each) => propertyOf(each, name)).find((value) => value !== undefined)
}

function alternativesOf(node: Node): Node[] {
  if (node.type === 'ConditionalExpression') return [node.consequent, node.alternate].map((each) => bare(each))
  return node.type === 'LogicalExpression' ? [bare(node.right)] : [node]
}

/** Returns true for an object literal that takes in others, so a missing property proves nothing. */
export function hasSpread(object: Node): boolean {
  return object.type === 'ObjectExpression' && object.properties.some(({ type }) => type === 'SpreadElement')
}

/** Returns true for an object literal that takes in something else than constants of its file, which are object literals. */
export function hasUnknownSpread(object: Node, file: SourceFile): boolean {
  return spreadsOf(object, file).some((spread) => spread === undefined || hasUnknownSpread(spread, file))
}

/** Returns the property of an object literal, or of a constant that it takes in: `{ ...shared, max: 5 }`. */
export function propertyWithin(object: Node, name: string, file: SourceFile): Node | undefined {
  const found = spreadsOf(object, file).map((spread) =>
    spread === undefined ? undefined : propertyWithin(spread, name, file),
  )
  return propertyOf(object, name) ?? found.find((value) => value !== undefined)
}

function spreadsOf(object: Node, file: SourceFile): (Node | undefined)[] {
  if (object.type !== 'ObjectExpression') return []
  return object.properties.flatMap((each) => (each.type === 'SpreadElement' ? [objectOf(each.argument, file)] : []))
}

/** Returns the name under which a file imports something of a module; a `require` counts. */
export function imports({ names }: SourceFile, module: RegExp): boolean {
  return [...names.modules].some((name) => module.test(name))
}

/** Returns the object literals of a file whose property is one of these texts: `{ client: 'pg' }` of Knex. */
export function objectsWith({ syntax }: SourceFile, name: string, values: RegExp): Node[] {
  return syntax.nodes.filter((node) => {
    const value = node.type === 'ObjectExpression' ? propertyOf(node, name) : undefined
    const literal = value === undefined ? undefined : bare(value)
    return literal?.type === 'Literal' && typeof literal.value === 'string' && values.test(literal.value)
  })
}

/** Returns the object that a property holds, followed through constants. */
export function objectIn(object: Node | undefined, name: string, file: SourceFile): Node | undefined {
  const value = object === undefined ? undefined : propertyOf(object, name)
  return value === undefined ? undefined : objectOf(value, file)
}

/** Returns true if the source of a node names a direct connection. */
export function namesDirect({ start, end }: Node, { syntax }: SourceFile): boolean {
  return isDirectName(syntax.source.slice(start, end))
}
