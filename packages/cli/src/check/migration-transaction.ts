import type { CodeText } from './code/code-text.ts'
import type { SourceFile } from './code/source-file.ts'
import { ancestors, isFunction, lastName, type Node } from './code/syntax.ts'

/** A migration that says itself that it runs outside any transaction, or that could not run inside one. */
const outside =
  /\bconcurrently\b|no[ _-]?transaction|disableTransactions|executeInTransaction\s*=\s*false|\btransaction\s*[:=]\s*false|\btxmode\s+none\b|\bqueryInterface\b/i

/** Returns true if a runner may send a migration outside any transaction. Umzug, of Sequelize, opens none. */
export function mayRunOutside(source: string): boolean {
  return outside.test(source)
}

/**
 * Returns true for a text that a runner of migrations sends in its transaction: through what it gives to `up` or `down`,
 * as Kysely, Knex, TypeORM and node-pg-migrate do, or with MikroORM's `addSql`.
 */
export function isSentByRunner({ name, sender, receiverName }: CodeText, { syntax }: SourceFile): boolean {
  if (name === 'this.addSql') return true
  const [root = ''] = receiverName.split('.')
  return [...ancestors(syntax, sender)].some((around) => {
    if (!isFunction(around) || !('params' in around)) return false
    const [given] = around.params as readonly Node[]
    return given?.type === 'Identifier' && given.name === root && isUpOrDown(around, syntax.parents.get(around))
  })
}

function isUpOrDown(node: Node, parent: Node | undefined): boolean {
  return [node, parent].some((each) => each !== undefined && /^(?:up|down)$/.test(nameOf(each)))
}

function nameOf(node: Node): string {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
      return node.id?.name ?? ''
    case 'MethodDefinition':
    case 'Property':
      return node.key.type === 'Identifier' ? node.key.name : ''
    case 'VariableDeclarator':
      return node.id.type === 'Identifier' ? node.id.name : ''
    case 'AssignmentExpression':
      return lastName(node.left) ?? ''
    default:
      return ''
  }
}
