import type { Exported, SourceFile } from './source-file.ts'
import { chainOf, isFunction, type Node } from './syntax.ts'
import { classAround, memberOf } from './values.ts'

/** A node with the file that it is in. */
export interface Elsewhere {
  readonly node: Node
  readonly file: SourceFile
}

/** Returns the function of the project that a callee means: here, in the class around it, or in a file that it imports. */
export function functionOf(callee: Node, file: SourceFile): Elsewhere | undefined {
  const start = startOf(callee, file)
  const node = start?.rest.reduce<Node | undefined>(
    (at, name) => (at === undefined ? at : memberOf(at, name)),
    start.node,
  )
  return start === undefined || node === undefined || !isFunction(node) ? undefined : { node, file: start.file }
}

function startOf(callee: Node, file: SourceFile): Exported | undefined {
  const [root = '?', ...rest] = chainOf(callee)
  const imported = file.names.resolve(root, callee)?.imported
  if (imported !== undefined)
    return file.importFile(imported.module)?.exported(imported.name === '*' ? rest : [imported.name, ...rest])
  const node = root === 'this' ? classAround(callee, file.syntax) : file.names.valueOf(root, callee)
  return node === undefined ? undefined : { node, file, rest }
}
