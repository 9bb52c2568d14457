import { functionAround } from './receivers.ts'
import type { SourceFile } from './source-file.ts'
import { bare, chainOf, isCall, type Node } from './syntax.ts'

/** Methods of Prisma's client that send nothing until their promise is awaited or given to `$transaction`. */
const lazy = /^\$(?:queryRaw|executeRaw)(?:Unsafe)?$/

/**
 * Returns true for a statement of Prisma whose promise is passed on. Its receiver may put it into a transaction.
 * `const lock = prisma.$queryRaw…` and `return prisma.$queryRaw…` send nothing themselves.
 */
export function isDeferred(sender: Node, file: SourceFile): boolean {
  const callee = isCall(sender) ? sender.callee : sender.type === 'TaggedTemplateExpression' ? sender.tag : undefined
  if (callee === undefined || !lazy.test(chainOf(callee).at(-1) ?? '')) return false
  let node = sender
  for (let around = file.syntax.parents.get(node); around !== undefined; around = file.syntax.parents.get(node)) {
    switch (around.type) {
      case 'AwaitExpression':
      case 'MemberExpression':
      case 'ExpressionStatement':
        return false
      case 'ReturnStatement':
      case 'ArrowFunctionExpression':
        return !isAsync(functionAround(node, file))
      case 'CallExpression':
        // Promise.all awaits what it is given.
        return chainOf(bare(around.callee))[0] !== 'Promise'
      case 'VariableDeclarator':
      case 'AssignmentExpression':
      case 'Property':
        return true
      default:
        node = around
    }
  }
  return false
}

/** The promise that an async function returns runs the statement. */
function isAsync(node: Node): boolean {
  return 'async' in node && node.async
}
