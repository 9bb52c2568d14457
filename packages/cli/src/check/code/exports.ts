import type { Imported } from './names.ts'
import { bare, chainOf, type Node, type Syntax } from './syntax.ts'

/** The value that a module exports under a name. */
export interface Export {
  /** The expression, or the name of a declaration of the module. */
  readonly value?: Node
  readonly local?: string
  /** The module that it comes from, with the name there; `*` for the whole module. */
  readonly from?: Imported
}

/** The exports of a module by name, and the modules of which it exports everything. */
export interface Exports {
  readonly byName: ReadonlyMap<string, Export>
  readonly stars: readonly string[]
}

/** Reads the exports of a file: those of ECMAScript and of CommonJS. */
export function exportsOf({ nodes }: Syntax): Exports {
  const byName = new Map<string, Export>()
  const stars: string[] = []
  for (const node of nodes) {
    if (node.type === 'ExportAllDeclaration') {
      if (node.exported === null) stars.push(node.source.value)
      else byName.set(nameOf(node.exported), { from: { module: node.source.value, name: '*' } })
    } else if (node.type === 'ExportNamedDeclaration') {
      for (const { local, exported } of node.specifiers) {
        const name = nameOf(local)
        byName.set(
          nameOf(exported),
          node.source === null ? { local: name } : { from: { module: node.source.value, name } },
        )
      }
    } else if (node.type === 'ExportDefaultDeclaration') byName.set('default', exportOf(node.declaration))
    else if (node.type === 'AssignmentExpression') addCommonJs(byName, node.left, node.right)
  }
  return { byName, stars }
}

/** `module.exports = queries`, `exports.lock = '…'`. The whole is `*`. */
function addCommonJs(byName: Map<string, Export>, left: Node, right: Node): void {
  const path = chainOf(left).join('.')
  const name = /^(?:module\.)?exports(?:\.(\w+))?$/.exec(path)
  if (name === null || path === 'exports') return
  byName.set(name[1] ?? '*', exportOf(right))
}

function exportOf(given: Node): Export {
  const node = bare(given)
  return node.type === 'Identifier' ? { local: node.name } : { value: node }
}

/** A name of an export may be a literal. */
function nameOf(node: Extract<Node, { type: 'ExportSpecifier' }>['local']): string {
  return node.type === 'Literal' ? node.value : node.name
}
