import { createRequire } from 'node:module'
import { join } from 'node:path'

/** As much of libpg-query as is used here. */
interface Parser {
  loadModule(): Promise<void>
  parseSync(sql: string): { readonly stmts?: readonly object[] }
}

// Core's own dependency, through its public entry.
const parser = createRequire(join(import.meta.dirname, '../../../packages/core/package.json'))('libpg-query') as Parser

/** Makes what judges a statement without a memory of statements: PostgreSQL's parser on each. */
export async function parseEach(): Promise<(sql: string) => unknown> {
  await parser.loadModule()
  return (sql) => parser.parseSync(sql)
}

/** The nodes that pg-bounceguard asks for: none of them needs more than a look. */
const unsafeNodes: ReadonlySet<string> = new Set([
  'PrepareStmt',
  'DeallocateStmt',
  'VariableSetStmt',
  'ListenStmt',
  'DeclareCursorStmt',
  'CreateStmt',
  'LoadStmt',
])

/**
 * The way of pg-bounceguard, written anew from its description: each statement is parsed, and every node of the tree is
 * looked at for seven kinds of statement and for functions whose name holds `advisory_lock`.
 */
export async function parseAndWalkEach(): Promise<(sql: string) => unknown> {
  const parse = await parseEach()
  return (sql) => countUnsafe(parse(sql) as object)
}

function countUnsafe(value: object): number {
  let found = 0
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    if (typeof child !== 'object' || child === null) continue
    if (unsafeNodes.has(key) || (key === 'FuncCall' && isAdvisoryLock(child))) found++
    found += countUnsafe(child)
  }
  return found
}

function isAdvisoryLock(call: {
  readonly funcname?: readonly { readonly String?: { readonly sval?: string } }[]
}): boolean {
  return (call.funcname ?? []).some((part) => part.String?.sval?.includes('advisory_lock') === true)
}
