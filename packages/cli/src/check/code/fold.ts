import type { Fixed, HoleKind, Pieces } from '../sql/pieces.ts'
import { isFixed } from '../sql/pieces.ts'
import { bare, chainOf, lastName, type Node } from './syntax.ts'
import { propertyOf, type Declaration } from './names.ts'
import type { SourceFile } from './source-file.ts'

/** The most texts that one expression stands for: conditions double them. */
const mostVariants = 4
/** How many constants are followed from one expression. */
const mostSteps = 12

/** An expression in its file, with how many constants led to it. */
interface Place {
  readonly file: SourceFile
  readonly steps: number
}

type Variants = readonly Pieces[]

/** Tags and functions that return their text, with its layout changed. */
const layoutTags = /^(?:dedent|deindent|outdent|stripIndents?|oneLine|String\.raw|raw|heredoc)$/
/** Tags that make SQL. Their values travel beside the text. */
export const sqlTag: RegExp =
  /^(?:sql|SQL|Prisma\.sql|(?:.+\.)?(?:\$queryRaw|\$executeRaw|sql|fragment|unsafe|type|queryRaw|rawQuery))$/
const nameCalls = /(?:^|\.)(?:ref|id|identifier|table|column|ident|identifiers|name)$/

/**
 * Returns the SQL texts that an expression stands for: literals, templates, concatenations, constants of this file and
 * of files that it imports. A condition gives both texts. What cannot be known is a hole.
 *
 * @param file of the expression
 */
export function fold(node: Node, file: SourceFile): Variants {
  return foldAt(node, { file, steps: 0 }, 'text')
}

/** @param kind what becomes of an expression that cannot be known */
function foldAt(given: Node, place: Place, kind: HoleKind): Variants {
  const node = bare(given)
  switch (node.type) {
    case 'Literal':
      return [[ofLiteral(node, place, kind)]]
    case 'TemplateLiteral':
      return kind === 'value' ? hole(node, kind) : joined(piecesOfTemplate(node, place, kind))
    case 'TaggedTemplateExpression':
      return foldTagged(node, place, kind)
    case 'BinaryExpression':
      if (node.operator !== '+' || kind === 'value') return hole(node, kind)
      return product([foldAt(node.left, place, kind), foldAt(node.right, place, kind)])
    case 'ConditionalExpression':
      return [...foldAt(node.consequent, place, kind), ...foldAt(node.alternate, place, kind)].slice(0, mostVariants)
    case 'LogicalExpression':
      return foldLogical(node.operator, node, place, kind)
    case 'Identifier':
      return foldName(node, place, kind)
    case 'MemberExpression':
      return foldMember(node, place, kind)
    case 'CallExpression':
      return foldCall(node, place, kind)
    default:
      return hole(node, kind)
  }
}

function hole(node: Node, kind: HoleKind): Variants {
  return [[{ hole: kind, at: node.start }]]
}

/** In a hole for a value, a literal is a value in SQL. Only booleans and numbers matter to a rule. */
function ofLiteral(node: Extract<Node, { type: 'Literal' }>, { file }: Place, kind: HoleKind): Pieces[number] {
  const { value, start, end } = node
  if (typeof value === 'string') {
    if (kind === 'value') return { fixed: `'${value.replaceAll("'", "''")}'`, at: start }
    return ofText(value, start + 1, file.syntax.source.slice(start + 1, end - 1))
  }
  if (typeof value === 'number' || typeof value === 'boolean') return { fixed: String(value), at: start }
  return { hole: kind, at: start }
}

function ofText(fixed: string, at: number, raw: string): Fixed {
  return raw === fixed ? { fixed, at } : { fixed, at, isEscaped: true }
}

/** The quasis of a template with the variants of its expressions between them. */
function piecesOfTemplate(
  { quasis, expressions, start }: Extract<Node, { type: 'TemplateLiteral' }>,
  place: Place,
  kind: HoleKind,
): (Fixed | Variants)[] {
  const { source } = place.file.syntax
  return quasis.flatMap((quasi, index) => {
    const { cooked, raw } = quasi.value
    const before = expressions[index - 1]
    // The parser counts the delimiters to a quasi of TypeScript, and not to one of JavaScript.
    const at = before === undefined ? start + 1 : source.indexOf('}', before.end) + 1
    const fixed = ofText(cooked ?? raw, at, source.slice(at, at + raw.length))
    const expression = expressions[index]
    return expression === undefined ? [fixed] : [fixed, foldAt(expression, place, kind)]
  })
}

function joined(parts: readonly (Fixed | Variants)[]): Variants {
  return product(parts.map((part) => (Array.isArray(part) ? (part as Variants) : [[part as Fixed]])))
}

/** Every combination, up to the limit. */
function product(parts: readonly Variants[]): Variants {
  return parts.reduce<Variants>(
    (all, variants) => all.flatMap((start) => variants.map((end) => [...start, ...end])).slice(0, mostVariants),
    [[]],
  )
}

function foldTagged(
  { tag, quasi, ...node }: Extract<Node, { type: 'TaggedTemplateExpression' }>,
  place: Place,
  kind: HoleKind,
): Variants {
  const name = chainOf(tag).join('.')
  if (layoutTags.test(name)) return foldAt(quasi, place, kind)
  if (isSqlTag(tag, place.file)) {
    place.file.used.add(quasi)
    return joined(piecesOfTemplate(quasi, place, 'value'))
  }
  return [[{ hole: kind, at: node.start }]]
}

/** Returns true for a tag that makes SQL: by its name, by the configuration, or because it is a client of postgres.js. */
export function isSqlTag(tag: Node, file: SourceFile): boolean {
  const name = chainOf(tag).join('.')
  return sqlTag.test(name) || file.tags.has(name) || isTemplateClient(tag, file)
}

/** A client that is a tag itself: `const client = postgres(url)`, the parameter of `client.begin(…)`. */
export function isTemplateClient(tag: Node, file: SourceFile): boolean {
  const node = bare(tag)
  if (node.type !== 'Identifier') return false
  const found = file.names.resolve(node.name, node)
  const value = found?.init === undefined ? undefined : bare(found.init)
  if (value?.type === 'CallExpression') return /^(?:postgres|neon|vercelPool)$/.test(chainOf(value.callee).at(-1) ?? '')
  const type = found === undefined ? '' : file.syntax.source.slice(found.node.start, found.node.end)
  return /:\s*(?:postgres\.)?(?:Sql|TransactionSql|ReservedSql)\b/.test(type)
}

function foldLogical(
  operator: string,
  node: Extract<Node, { type: 'LogicalExpression' }>,
  place: Place,
  kind: HoleKind,
): Variants {
  if (operator === '&&') return [[], ...foldAt(node.right, place, kind)].slice(0, mostVariants)
  return [...foldAt(node.left, place, kind), ...foldAt(node.right, place, kind)].slice(0, mostVariants)
}

function foldName(node: Extract<Node, { type: 'Identifier' }>, place: Place, kind: HoleKind): Variants {
  const { file, steps } = place
  const found = steps < mostSteps ? file.names.resolve(node.name, node) : undefined
  if (found?.imported !== undefined) return foldImported(found, [], node, place, kind)
  const value = found === undefined ? undefined : file.names.valueOf(node.name, node)
  if (value === undefined) return hole(node, kind)
  return known(foldAt(value, { file, steps: steps + 1 }, kind), node, kind)
}

/** `queries.lock`: a property of a constant object, here or in another file. */
function foldMember(node: Extract<Node, { type: 'MemberExpression' }>, place: Place, kind: HoleKind): Variants {
  const { file, steps } = place
  const [root = '?', ...path] = chainOf(node)
  if (root === 'Prisma' && path.join('.') === 'empty') return [[]]
  if (steps >= mostSteps || path.length > 2) return hole(node, kind)
  const found = file.names.resolve(root, node)
  if (found?.imported !== undefined) return foldImported(found, path, node, place, kind)
  const object = found === undefined ? undefined : file.names.valueOf(root, node)
  const value = object === undefined ? undefined : followPath(object, path)
  return value === undefined ? hole(node, kind) : known(foldAt(value, { file, steps: steps + 1 }, kind), node, kind)
}

function followPath(object: Node, path: readonly string[]): Node | undefined {
  return path.reduce<Node | undefined>((at, name) => (at === undefined ? undefined : propertyOf(at, name)), object)
}

function foldImported(
  { imported }: Declaration,
  path: readonly string[],
  node: Node,
  { file, steps }: Place,
  kind: HoleKind,
): Variants {
  const { module = '', name = '' } = imported ?? {}
  const other = file.importFile(module)
  const [first = '', ...rest] = name === '*' ? path : [name, ...path]
  const top = other?.names.exported(first)
  const value = top === undefined ? undefined : followPath(top, rest)
  if (other === undefined || value === undefined) return hole(node, kind)
  const texts = foldAt(value, { file: other, steps: steps + 1 }, kind)
  return known(elsewhere(texts, node), node, kind)
}

/** A text in another file is reported where it is used. */
function elsewhere(texts: Variants, { start }: Node): Variants {
  return texts.map((pieces) =>
    pieces.map((piece) =>
      isFixed(piece) ? { fixed: piece.fixed, at: start, isEscaped: true } : { ...piece, at: start },
    ),
  )
}

/** A constant whose own value cannot be known is one hole. */
function known(texts: Variants, node: Node, kind: HoleKind): Variants {
  return texts.some((pieces) => pieces.some(isFixed)) ? texts : hole(node, kind)
}

function foldCall(node: Extract<Node, { type: 'CallExpression' }>, place: Place, kind: HoleKind): Variants {
  const name = chainOf(node.callee).join('.')
  const last = lastName(node.callee) ?? ''
  const [first] = node.arguments
  const isJoin = last === 'join' && bare(node.callee).type === 'MemberExpression'
  if (isJoin) return foldJoin(node, place, kind)
  if (nameCalls.test(name)) return hole(node, 'name')
  if (/^(?:sql|Prisma|SQL)\.(?:raw|unsafe|lit|literal)$/.test(name) && first !== undefined)
    return foldAt(first, place, 'text')
  if (layoutTags.test(name) && first !== undefined) return foldAt(first, place, kind)
  const callee = bare(node.callee)
  if (/^trim(?:End|Start)?$/.test(last) && callee.type === 'MemberExpression') return foldAt(callee.object, place, kind)
  return hole(node, kind)
}

/** `['SELECT 1', 'FROM a'].join(' ')`. Lists of values, as in `sql.join(…)`, are one hole. */
function foldJoin(node: Extract<Node, { type: 'CallExpression' }>, place: Place, kind: HoleKind): Variants {
  const callee = bare(node.callee)
  const list = callee.type === 'MemberExpression' ? bare(callee.object) : undefined
  const [separator] = node.arguments
  if (list?.type !== 'ArrayExpression') return hole(node, kind)
  const between = separator === undefined ? ',' : separator.type === 'Literal' ? String(separator.value) : ' '
  const elements = list.elements.flatMap((element, index) => {
    if (element === null || element.type === 'SpreadElement') return [hole(list, kind)]
    const texts = foldAt(element, place, kind)
    return index === 0 ? [texts] : [[[{ fixed: between, at: element.start, isEscaped: true } as const]], texts]
  })
  return product(elements)
}
