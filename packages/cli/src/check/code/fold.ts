import type { Fixed, HoleKind, Pieces } from '../sql/pieces.ts'
import { isFixed } from '../sql/pieces.ts'
import { changedTexts } from './changed-texts.ts'
import { isTestForOther, isTestForPostgres } from './database-tests.ts'
import { formatted } from './formatted.ts'
import { functionOf } from './functions.ts'
import { joinedTexts } from './joined-texts.ts'
import type { Declaration } from './names.ts'
import { canonicalName, isSqlTag, layoutTags, nameCalls } from './sql-tags.ts'
import type { SourceFile } from './source-file.ts'
import { bare, chainOf, lastName, type Node } from './syntax.ts'
import { constantOf, hole, mostVariants, product, type Place, type Variants } from './variants.ts'
import { allMembers, classAround, memberOf, mostListed, returnsOf } from './values.ts'

/** How many constants are followed from one expression. */
const mostSteps = 12
/** How many names and calls are followed for one text. */
const mostFollowed = 500

const noneAssumed: ReadonlyMap<string, boolean> = new Map()

/**
 * Returns the SQL texts that an expression stands for: literals, templates, concatenations, constants of this file and
 * of files that it imports. A condition gives both texts. What cannot be known is a hole.
 *
 * @param file of the expression
 */
export function fold(node: Node, file: SourceFile): Variants {
  const start = (assumed: Place['assumed']): Place => ({ file, steps: 0, budget: { left: mostFollowed }, assumed })
  const repeated = repeatedTest(node, file)
  if (repeated === undefined) return foldAt(node, start(noneAssumed), 'text')
  return [true, false].flatMap((value) => foldAt(node, start(new Map([[repeated, value]])), 'text'))
}

/** `${isDry ? 'BEGIN;' : ''} … ${isDry ? 'ROLLBACK;' : ''}` has two texts, not four. */
function repeatedTest(given: Node, { syntax: { source } }: SourceFile): string | undefined {
  const node = bare(given)
  if (node.type !== 'TemplateLiteral') return undefined
  const tests = node.expressions.flatMap((each) =>
    each.type === 'ConditionalExpression' ? [source.slice(each.test.start, each.test.end)] : [],
  )
  return tests.find((test, index) => tests.indexOf(test) < index)
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
      return foldCondition(node, place, kind)
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

function foldTagged(
  { tag, quasi, ...node }: Extract<Node, { type: 'TaggedTemplateExpression' }>,
  place: Place,
  kind: HoleKind,
): Variants {
  if (layoutTags.test(chainOf(tag).join('.'))) return foldAt(quasi, place, kind)
  if (isSqlTag(tag, place.file)) {
    place.file.used.add(quasi)
    return joined(piecesOfTemplate(quasi, place, 'value'))
  }
  return [[{ hole: kind, at: node.start }]]
}

function foldCondition(
  { test, consequent, alternate }: Extract<Node, { type: 'ConditionalExpression' }>,
  place: Place,
  kind: HoleKind,
): Variants {
  const condition = place.file.syntax.source.slice(test.start, test.end)
  const isKnown = isTestForOther(condition) ? false : isTestForPostgres(condition) || undefined
  const taken = isKnown ?? place.assumed.get(condition)
  if (taken !== undefined) return foldAt(taken ? consequent : alternate, place, kind)
  return [...foldAt(consequent, place, kind), ...foldAt(alternate, place, kind)].slice(0, mostVariants)
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
  const found = mayFollow(place) ? file.names.resolve(node.name, node) : undefined
  if (found === undefined) return hole(node, kind)
  if (found.imported !== undefined) return foldImported(found, [], node, place, kind)
  const inner = { ...place, steps: steps + 1 }
  if (found.elementOf !== undefined) return known(foldElements(found.elementOf, inner, kind), node, kind)
  const changes = file.names.assignmentsTo(found)
  if (changes.length > 0)
    return known(changedTexts(found, changes, { use: node, place: inner, kind, fold: foldAt }), node, kind)
  return found.init === undefined ? hole(node, kind) : known(foldAt(found.init, inner, kind), node, kind)
}

/** The elements of a list, each a text of its own. */
function foldElements(given: Node, place: Place, kind: HoleKind): Variants {
  const node = bare(given)
  const isValues = node.type === 'CallExpression' && chainOf(node.callee).join('.') === 'Object.values'
  const list = isValues ? node.arguments[0] : node
  const value = list === undefined ? undefined : (constantOf(list, place.file) ?? list)
  if (value === undefined) return []
  const elements = isValues ? allMembers(value) : elementsOf(bare(value))
  return elements.flatMap((element) => foldAt(element, place, kind)).slice(0, mostListed)
}

function elementsOf(node: Node): Node[] {
  if (node.type !== 'ArrayExpression') return []
  return node.elements.flatMap((element) => (element === null || element.type === 'SpreadElement' ? [] : [element]))
}

/**
 * `queries.lock`: a property of a constant object, a field of a class, a member of an enum, here or in another file.
 */
function foldMember(node: Extract<Node, { type: 'MemberExpression' }>, place: Place, kind: HoleKind): Variants {
  const { file, steps } = place
  const [root = '?', ...path] = chainOf(node)
  if (canonicalName(node, file) === 'Prisma.empty') return [[]]
  if (path.length > 3 || !mayFollow(place)) return hole(node, kind)
  const found = file.names.resolve(root, node)
  if (found?.imported !== undefined) return foldImported(found, path, node, place, kind)
  const object = root === 'this' ? classAround(node, file.syntax) : file.names.valueOf(root, node)
  const values = object === undefined ? [] : followPath(object, path)
  const inner = { ...place, steps: steps + 1 }
  return known(
    values.slice(0, mostListed).flatMap((value) => foldAt(value, inner, kind)),
    node,
    kind,
  )
}

/** The values at the end of a path. A step that is computed may be any member. */
function followPath(object: Node, path: readonly string[]): readonly Node[] {
  return path.reduce<readonly Node[]>(
    (at, name) => at.flatMap((each) => (name === '?' ? allMembers(each) : (memberOf(each, name) ?? []))),
    [object],
  )
}

function foldImported(
  { imported }: Declaration,
  path: readonly string[],
  node: Node,
  place: Place,
  kind: HoleKind,
): Variants {
  const { module = '', name = '' } = imported ?? {}
  const top = place.file.importFile(module)?.exported(name === '*' ? path : [name, ...path])
  const values = top === undefined ? [] : followPath(top.node, top.rest)
  if (top === undefined || values.length === 0) return hole(node, kind)
  const inner = { ...place, file: top.file, steps: place.steps + 1 }
  const texts = values.slice(0, mostListed).flatMap((value) => foldAt(value, inner, kind))
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
  const name = canonicalName(node.callee, place.file)
  const last = lastName(node.callee) ?? ''
  const callee = bare(node.callee)
  const [first] = node.arguments
  if (callee.type === 'MemberExpression') {
    // Kysely: sql`…`.compile(db)
    if (last === 'compile') return foldAt(callee.object, place, kind)
    if (last === 'join') return joinedTexts(node, callee.object, { place, kind, fold: foldAt })
    if (/^trim(?:End|Start)?$|^replace(?:All)?$/.test(last)) return foldAt(callee.object, place, kind)
    if (last === 'concat') return product([callee.object, ...node.arguments].map((each) => foldAt(each, place, kind)))
  }
  if (nameCalls.test(name)) return hole(node, 'name')
  if (first === undefined) return foldReturned(node, place, kind)
  if (/^(?:sql|Prisma|SQL)\.(?:raw|unsafe|lit|literal)$/.test(name)) return foldAt(first, place, 'text')
  if (/\.(?:val|lit)$/.test(name)) return foldAt(first, place, 'value')
  if (layoutTags.test(name)) return foldAt(first, place, kind)
  if (/^(?:pg)?format$|^(?:util|pgp\.as|format)\.(?:format|withArray)$/i.test(name))
    return formatted(foldAt(first, place, kind))
  return foldReturned(node, place, kind)
}

/** Returns true if one more name or call may be followed, and counts it. */
function mayFollow({ steps, budget }: Place): boolean {
  return steps < mostSteps && budget.left-- > 0
}

/** Folds the text that a function of the project returns: its parameters are holes. */
function foldReturned(node: Extract<Node, { type: 'CallExpression' }>, place: Place, kind: HoleKind): Variants {
  const { file, steps } = place
  const found = mayFollow(place) ? functionOf(node.callee, file) : undefined
  if (found === undefined) return hole(node, kind)
  const inner = { ...place, file: found.file, steps: steps + 1 }
  const texts = returnsOf(found.node, found.file.syntax)
    .flatMap((each) => foldAt(each, inner, kind))
    .slice(0, mostVariants)
  return known(found.file === file ? texts : elsewhere(texts, node), node, kind)
}
