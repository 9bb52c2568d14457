import { parse } from '../../../packages/core/src/sql/parser.ts'

/**
 * The statements of a text without everything that a repair may change: LOCAL, the last argument of set_config, the
 * form of a lock and the name of its column, ON COMMIT, and SELECT INTO. Written apart from the repairs, so that the
 * one checks the other.
 */
export function withoutRepairs(sql: string): string {
  return JSON.stringify(parse(sql).map(plainStatement))
}

type Fields = Readonly<Record<string, unknown>>

function plainStatement(statement: object): unknown {
  const { SelectStmt: select } = statement as { readonly SelectStmt?: Fields }
  const into = select && intoOf(select)
  return plain(into === undefined ? statement : { CreateTableAsStmt: { query: statement, into } })
}

/** In a UNION the first query has the INTO. */
function intoOf(select: Fields): unknown {
  return select['intoClause'] ?? (isObject(select['larg']) ? intoOf(select['larg']) : undefined)
}

const places = /^(?:(?:stmt_|list_|rexpr_list_)?(?:location|start|end|len)|intoClause|objtype)$/
const locks = /^pg_(?:try_)?advisory_(?:xact_)?(?:un)?lock(_shared)?$/

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([tag, node]) => (places.test(tag) ? [] : [[tag, plainNode(tag, node)]])),
  )
}

function plainNode(tag: string, node: unknown): unknown {
  if (!isObject(node) || Array.isArray(node)) return plain(node)
  switch (tag) {
    case 'VariableSetStmt':
      return plain(without(node, 'is_local'))
    case 'CreateStmt':
      return plain(without(node, 'oncommit'))
    case 'into':
      return plain({ ...without(node, 'onCommit'), rel: without(node['rel'] as Fields, 'relpersistence') })
    case 'FuncCall':
      return plainCall(node)
    case 'ResTarget':
      return plain(callsLock(node['val']) ? without(node, 'name') : node)
    default:
      return plain(node)
  }
}

function plainCall(node: Fields): unknown {
  const name = nameOf(node)
  const args = (node['args'] ?? []) as readonly Fields[]
  if (name === 'set_config')
    return plain({ ...node, args: args.map((arg, at) => (isLocalArgument(arg, at) ? 'is_local' : arg)) })
  if (!locks.test(name)) return plain(node)
  const path = (node['funcname'] as readonly unknown[]).slice(0, -1)
  return plain({ ...node, funcname: [...path, `lock${locks.exec(name)?.[1] ?? ''}`] })
}

function isLocalArgument(arg: Fields, at: number): boolean {
  const { NamedArgExpr: named } = arg as { readonly NamedArgExpr?: Fields }
  return named === undefined ? at === 2 : named['name'] === 'is_local'
}

function nameOf({ funcname }: Fields): string {
  const last = (funcname as readonly { readonly String?: { readonly sval?: string } }[] | undefined)?.at(-1)
  return last?.String?.sval ?? ''
}

function callsLock(value: unknown): boolean {
  const { FuncCall: call, TypeCast: cast } = (value ?? {}) as { readonly FuncCall?: Fields; readonly TypeCast?: Fields }
  return (call !== undefined && locks.test(nameOf(call))) || (cast !== undefined && callsLock(cast['arg']))
}

function without(node: Fields, field: string): Fields {
  const { [field]: _, ...others } = node
  return others
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
