import { isOtherName } from '../dialect.ts'
import { propertyOf } from './names.ts'
import { ancestors, bare, chainOf, isFunction, within, type Node, type Syntax } from './syntax.ts'

/** The most texts of a list, a map or a loop that are read. */
export const mostListed = 64

/** Returns the value of a member: of an object literal, an enum or a class. */
export function memberOf(given: Node, name: string): Node | undefined {
  const node = unfrozen(given)
  return node.type === 'ObjectExpression'
    ? propertyOf(node, name)
    : membersOf(node).find((each) => each.name === name)?.value
}

/**
 * Returns the values of all members, for `queries[key]` and `Object.values(queries)`, without those for another
 * database.
 */
export function allMembers(given: Node): Node[] {
  return membersOf(unfrozen(given)).flatMap(({ name, value }) =>
    name !== undefined && isOtherName(name) ? [] : [value],
  )
}

/** Returns the class around a node, for `this.text`. */
export function classAround(node: Node, syntax: Syntax): Node | undefined {
  for (const around of ancestors(syntax, node))
    if (around.type === 'ClassDeclaration' || around.type === 'ClassExpression') return around
  return undefined
}

/** Returns the fields of a class that have a type: its properties, and the parameters of its constructor that are fields. */
export function fieldsOf(owner: Node): { readonly name: string; readonly type: Node }[] {
  if (owner.type !== 'ClassDeclaration' && owner.type !== 'ClassExpression') return []
  return owner.body.body.flatMap((each) => {
    if (each.type === 'PropertyDefinition') return typed(each.key, each.typeAnnotation)
    if (each.type !== 'MethodDefinition' || each.kind !== 'constructor') return []
    return each.value.params.flatMap((param) =>
      param.type === 'TSParameterProperty' && param.parameter.type === 'Identifier'
        ? typed(param.parameter, param.parameter.typeAnnotation)
        : [],
    )
  })
}

function typed(key: Node, type: Node | null | undefined): { readonly name: string; readonly type: Node }[] {
  const name = nameOf(key)
  return name === undefined || type === null || type === undefined ? [] : [{ name, type }]
}

/** Returns what a function returns: its expression, or that of each `return`. */
export function returnsOf(given: Node, syntax: Syntax): Node[] {
  const node = bare(given)
  if (!isFunction(node) || !('body' in node) || node.body === null) return []
  if (node.type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement') return [node.body]
  return within(syntax.nodes, node).flatMap((each) => {
    const isOwn = each.type === 'ReturnStatement' && [...ancestors(syntax, each)].find(isFunction) === node
    return isOwn && each.argument !== null ? [each.argument] : []
  })
}

/** `Object.freeze({ … })` is the object. */
function unfrozen(given: Node): Node {
  const node = bare(given)
  const isFrozen = node.type === 'CallExpression' && chainOf(node.callee).join('.') === 'Object.freeze'
  const [object] = isFrozen ? node.arguments : []
  return object === undefined ? node : bare(object)
}

interface Member {
  readonly name: string | undefined
  readonly value: Node
}

/** A class is asked again for each call of its methods. */
const known = new WeakMap<Node, readonly Member[]>()

function membersOf(node: Node): readonly Member[] {
  const members = known.get(node) ?? readMembers(node)
  known.set(node, members)
  return members
}

function readMembers(node: Node): readonly Member[] {
  switch (node.type) {
    case 'ObjectExpression':
      return node.properties.flatMap((property) =>
        property.type === 'Property' ? [{ name: nameOf(property.key), value: property.value }] : [],
      )
    case 'TSEnumDeclaration':
      return node.body.members.flatMap(({ id, initializer }) =>
        initializer === null ? [] : [{ name: nameOf(id), value: initializer }],
      )
    case 'ClassDeclaration':
    case 'ClassExpression':
      return node.body.body.flatMap((each) =>
        (each.type === 'PropertyDefinition' || each.type === 'MethodDefinition') && each.value !== null
          ? [{ name: nameOf(each.key), value: each.value }]
          : [],
      )
    default:
      return []
  }
}

function nameOf(key: Node): string | undefined {
  if (key.type === 'Identifier' || key.type === 'PrivateIdentifier') return key.name
  return key.type === 'Literal' ? String(key.value) : undefined
}
