import type { SourceFile } from './source-file.ts'
import { ancestors, isFunction, lastName, type Node } from './syntax.ts'

/** Names of URLs and clients that go round the pooler. `redirectUrl` and `directory` are none. */
const directName = /(?<!re|in)direct(?!or|iv|ion|ly|us)|unpooled|non_?-?pool|migrations?_?(?:database_?)?url/i
/** A function may handle direct messages, so its name has to name a client as well. */
const clientName = /client|conn|pool|db|database|sql|postgres|pg|knex|kysely|prisma|source/i

/** Returns true for a text that names a direct connection. */
export function isDirectName(text: string): boolean {
  return directName.test(text)
}

/** `const directPool = new Pool(…)`, `this.directDb = …`, `function createDirectClient() { … new Client(…) … }`. */
export function isNamedDirect(call: Node, { syntax }: SourceFile): boolean {
  let inner = call
  for (const around of ancestors(syntax, call)) {
    if (isFunction(around)) {
      const name = nameOf(around) ?? heldAs(syntax.parents.get(around), around) ?? ''
      return directName.test(name) && clientName.test(name)
    }
    if (isDirectName(heldAs(around, inner) ?? '')) return true
    inner = around
  }
  return false
}

function nameOf(node: Node): string | undefined {
  return 'id' in node && node.id?.type === 'Identifier' ? node.id.name : undefined
}

/** The name that a value is given where it stands. */
function heldAs(around: Node | undefined, value: Node): string | undefined {
  switch (around?.type) {
    case 'VariableDeclarator':
      return lastName(around.id)
    case 'AssignmentExpression':
      return around.right === value ? lastName(around.left) : undefined
    case 'Property':
    case 'PropertyDefinition':
    case 'MethodDefinition':
      return around.value === value ? keyOf(around.key) : undefined
    default:
      return undefined
  }
}

function keyOf(key: Node): string | undefined {
  return key.type === 'Identifier' || key.type === 'PrivateIdentifier' ? key.name : undefined
}
