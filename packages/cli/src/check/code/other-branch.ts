import { isOtherModule, isOtherName, isPostgresDriver } from '../dialect.ts'
import { isOtherCase, isTestForOther, isTestForPostgres, leavesOther } from './database-tests.ts'
import type { Declaration } from './names.ts'
import type { SourceFile } from './source-file.ts'
import { ancestors, bare, chainOf, isCall, lastName, type Node } from './syntax.ts'

/**
 * Returns true for code that runs only with another database: `if (dialect === 'sqlite') …`, `case 'mysql':`, what
 * follows `if (isPostgres) return …`, a class or a receiver that is named after one, a client of another driver.
 */
export function isOfOtherDatabase(node: Node, file: SourceFile): boolean {
  const receiver = receiverOf(node)
  const module = receiver === undefined ? undefined : moduleOf(receiver, file, 0)
  if (module !== undefined && isOtherModule(module)) return true
  // A name proves nothing against the driver: `const mySqlText = await pgPool.query(…)`.
  const mayBeNamed = module === undefined || !isPostgresDriver(module)
  const isNamed = (name: string): boolean => mayBeNamed && isOtherName(name)
  if (receiver !== undefined && chainOf(receiver).some(isNamed)) return true
  let inner = node
  for (const around of ancestors(file.syntax, node)) {
    if (isOtherBranch(around, inner, file) || isBehindExit(around, inner, file) || isNamed(ownName(around) ?? ''))
      return true
    inner = around
  }
  return false
}

function isOtherBranch(around: Node, inner: Node, file: SourceFile): boolean {
  if (around.type === 'IfStatement' || around.type === 'ConditionalExpression') {
    const test = textOf(around.test, file)
    if (inner === around.consequent) return isTestForOther(test)
    return inner === around.alternate && isTestForPostgres(test)
  }
  if (around.type === 'LogicalExpression' && around.operator === '&&')
    return inner === around.right && isTestForOther(textOf(around.left, file))
  return around.type === 'SwitchCase' && inner !== around.test && namesOtherCase(around.test)
}

/** `if (isPostgres) { …; return }` and `if (dialect !== 'mysql') return` before it in the same block. */
function isBehindExit(around: Node, inner: Node, file: SourceFile): boolean {
  if (around.type !== 'BlockStatement') return false
  return around.body.some((each) => {
    if (each.start >= inner.start || each.type !== 'IfStatement' || each.alternate !== null) return false
    const test = textOf(each.test, file)
    return leavesOther(test) && exits(each.consequent)
  })
}

function exits(node: Node): boolean {
  if (node.type === 'BlockStatement') {
    const last = node.body.at(-1)
    return last !== undefined && exits(last)
  }
  return /^(?:Return|Throw|Continue|Break)Statement$/.test(node.type)
}

/** `case 'mysql':`, `case DatabaseType.mysql:` */
function namesOtherCase(test: Node | null): boolean {
  return test !== null && isOtherCase(test.type === 'Literal' ? String(test.value) : (lastName(test) ?? ''))
}

/** The name of a class, of a function, of a method, or of the key of an object. */
function ownName(node: Node): string | undefined {
  switch (node.type) {
    case 'ClassDeclaration':
    case 'FunctionDeclaration':
      return node.id?.name
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'Property':
      return node.key.type === 'Identifier' ? node.key.name : undefined
    case 'VariableDeclarator':
      return node.id.type === 'Identifier' ? node.id.name : undefined
    default:
      return undefined
  }
}

function receiverOf(sender: Node): Node | undefined {
  const callee = isCall(sender) ? sender.callee : sender.type === 'TaggedTemplateExpression' ? sender.tag : undefined
  const at = callee === undefined ? undefined : bare(callee)
  return at?.type === 'MemberExpression' ? at.object : undefined
}

/** How many constants are followed from a receiver to its driver. */
const mostSteps = 4

/** Returns the module that a receiver comes from, or its type. */
function moduleOf(node: Node, file: SourceFile, steps: number): string | undefined {
  const [root = '?'] = chainOf(node)
  const found = file.names.resolve(root, node)
  if (found === undefined || steps > mostSteps) return undefined
  if (found.imported !== undefined) return found.imported.module
  if (found.init !== undefined && found.init !== node && found.functionOf === undefined)
    return moduleOf(found.init, file, steps + 1)
  return moduleOfType(found, file)
}

/** `connection: mysql.Connection`, of which the file imports the type. */
function moduleOfType({ node, functionOf }: Declaration, file: SourceFile): string | undefined {
  if (functionOf === undefined) return undefined
  const type = /:\s*(\w+)/.exec(textOf(node, file))?.[1]
  return type === undefined ? undefined : file.names.resolve(type, functionOf)?.imported?.module
}

function textOf({ start, end }: Node, { syntax }: SourceFile): string {
  return syntax.source.slice(start, end)
}
