import type { HoleKind } from '../sql/pieces.ts'
import { bare, chainOf, type Node } from './syntax.ts'
import { constantOf, hole, product, type Fold, type Place, type Variants } from './variants.ts'

/** Returns the texts of `['SELECT 1', 'FROM a'].join(' ')`. Lists of values, as in `sql.join(…)`, are one hole. */
export function joinedTexts(
  node: Extract<Node, { type: 'CallExpression' }>,
  object: Node,
  { place, kind, fold }: { readonly place: Place; readonly kind: HoleKind; readonly fold: Fold },
): Variants {
  const list = bare(constantOf(object, place.file) ?? object)
  const [separator] = node.arguments
  if (list.type !== 'ArrayExpression') return hole(node, kind)
  const between = separator === undefined ? ',' : separator.type === 'Literal' ? String(separator.value) : ' '
  const pushed = pushedTo(object, node, place)
  const elements = [...list.elements, ...pushed].flatMap((element, index) => {
    if (element === null || element.type === 'SpreadElement') return [hole(list, kind)]
    const texts = fold(element, place, kind)
    return index === 0 ? [texts] : [[[{ fixed: between, at: element.start, isEscaped: true } as const]], texts]
  })
  return product(elements)
}

/** Returns the parts that `parts.push(…)` adds to a list before it is joined. */
function pushedTo(object: Node, join: Node, { file }: Place): Node[] {
  const [name = '?', ...path] = chainOf(object)
  const found = path.length === 0 ? file.names.resolve(name, object) : undefined
  if (found === undefined) return []
  return file.syntax.calls.flatMap((call) => {
    const [root, method, ...more] = chainOf(call.callee)
    const isPush = root === name && method === 'push' && more.length === 0 && call.end <= join.start
    return isPush && file.names.resolve(name, call) === found ? call.arguments : []
  })
}
