import type { FuncCall, Node, ResTarget, SelectStmt, TypeCast } from '@pgsql/types'
import { isValue } from '../../sql/executed.ts'
import { functionCall, isBuiltIn, names } from '../../sql/function-call.ts'
import {
  insertAfter,
  replace,
  type Edit,
  type LockChange,
  type Repaired,
  type StatementText,
  type TreeChange,
} from '../repair.ts'
import { keyNamer } from './lock-key.ts'

interface Form {
  readonly becomes: string
  readonly does: LockChange['does']
  readonly isTried?: true
}

/**
 * A lock that the transaction holds is got again at once, so the answer to an unlock is `true`. The lock itself stays
 * until the transaction ends.
 */
const forms: Readonly<Record<string, Form>> = {
  pg_advisory_lock: { becomes: 'pg_advisory_xact_lock', does: 'takes' },
  pg_advisory_lock_shared: { becomes: 'pg_advisory_xact_lock_shared', does: 'takes' },
  pg_try_advisory_lock: { becomes: 'pg_try_advisory_xact_lock', does: 'takes', isTried: true },
  pg_try_advisory_lock_shared: { becomes: 'pg_try_advisory_xact_lock_shared', does: 'takes', isTried: true },
  pg_advisory_unlock: { becomes: 'pg_try_advisory_xact_lock', does: 'frees' },
  pg_advisory_unlock_shared: { becomes: 'pg_try_advisory_xact_lock_shared', does: 'frees' },
}

const uncountable = 'the text does not show how often the statement takes or frees which lock'

/** Parts of a SELECT that has one row. */
const countable: ReadonlySet<string> = new Set(['targetList', 'limitOption', 'op', 'sortClause'])

/** `SELECT pg_advisory_lock(42)` → `SELECT pg_advisory_xact_lock(42) AS pg_advisory_lock`. */
export function lockForTransaction(select: SelectStmt, text: StatementText): Repaired {
  if (!('SelectStmt' in text.node) || text.node.SelectStmt !== select) return undefined
  if (Object.keys(select).some((part) => !countable.has(part))) return uncountable
  const columns: Column[] = []
  for (const [position, target] of (select.targetList ?? []).entries()) {
    const column = columnOf(target, position, text)
    if (column === undefined) return uncountable
    if (column !== 'constant') columns.push(column)
  }
  // The answer of a try decides what its unlock is answered, so it is read from a row of one column.
  const tried = columns.find(({ lock }) => lock.tried !== undefined)?.lock.tried
  if (tried !== undefined && columns.length > 1)
    return 'one statement tries several locks, or tries a lock and frees it'
  if (tried !== undefined && isHidden(tried.name, tried.position, select))
    return 'two columns have the name of the answer'
  return {
    how: [...new Set(columns.map(({ how }) => how))].join(', '),
    edits: columns.flatMap(({ edits }) => edits),
    tree: columns.flatMap(({ tree }) => tree),
    locks: columns.map(({ lock }) => lock),
  }
}

/** Drivers that give rows as objects keep one column of each name. */
function isHidden(name: string, position: number, { targetList = [] }: SelectStmt): boolean {
  return targetList.some((target, at) => at !== position && 'ResTarget' in target && target.ResTarget.name === name)
}

/** A column that calls a lock function. */
interface Column {
  readonly how: string
  readonly edits: readonly Edit[]
  readonly tree: readonly TreeChange[]
  readonly lock: LockChange
}

function columnOf(target: Node, position: number, text: StatementText): Column | 'constant' | undefined {
  const column = 'ResTarget' in target ? target.ResTarget : undefined
  if (column?.val === undefined) return undefined
  if (isValue(column.val)) return 'constant'
  const node = callIn(column.val)
  const call = node && functionCall(node)
  const form = call && isBuiltIn(call) && Object.hasOwn(forms, call.name) ? forms[call.name] : undefined
  if (node === undefined || call === undefined || form === undefined || isSpecial(node)) return undefined
  const key = keyNamer(call.args)
  const change = key && changeOf({ column, node, from: call.name, to: form.becomes }, text)
  if (key === undefined || change === undefined) return undefined
  const mode = call.name.endsWith('_shared') ? 'shared' : 'exclusive'
  const lock = (parameters: readonly unknown[]): string | undefined => {
    const named = key(parameters)
    return named === undefined ? undefined : `${mode} ${named}`
  }
  const tried = form.isTried ? { tried: { name: column.name ?? call.name, position } } : {}
  return {
    how: `${call.name} → ${form.becomes}`,
    ...change,
    lock: { does: form.does, lock, ...tried, edits: change.edits },
  }
}

/** The call, perhaps under casts: Prisma cannot read the type void. */
function callIn(node: Node): FuncCall | undefined {
  if ('FuncCall' in node) return node.FuncCall
  const { arg } = 'TypeCast' in node ? node.TypeCast : ({} as TypeCast)
  return arg && callIn(arg)
}

function isSpecial({ agg_distinct, agg_filter, agg_order, agg_star, func_variadic, over }: FuncCall): boolean {
  return [agg_distinct, agg_filter, agg_order, agg_star, func_variadic, over].some((part) => part !== undefined)
}

interface Renaming {
  readonly column: ResTarget
  readonly node: FuncCall
  readonly from: string
  readonly to: string
}

/** A column without a name has that of its function, and keeps it. */
function changeOf(
  { column, node, from, to }: Renaming,
  text: StatementText,
): { readonly edits: readonly Edit[]; readonly tree: readonly TreeChange[] } | undefined {
  const name = text.indexAt(node.location) + 2 * (names(node.funcname).length - 1)
  const close = text.closing(name + 1)
  const token = text.tokens[name]
  const last = text.tokens[endOfColumn(text, close)]
  const function_ = node.funcname?.at(-1)
  if (token === undefined || last === undefined || close < 0 || function_ === undefined || !('String' in function_))
    return undefined
  const renamed = { node: function_.String, fields: { sval: to } }
  if (column.name !== undefined) return { edits: [replace(token, to)], tree: [renamed] }
  return {
    edits: [replace(token, to), insertAfter(last, ` AS ${from}`)],
    tree: [renamed, { node: column, fields: { name: from } }],
  }
}

/** The last token of the column: behind the call there may be casts. */
function endOfColumn({ tokens }: StatementText, close: number): number {
  let depth = 0
  let at = close
  for (; at + 1 < tokens.length; at++) {
    const { text, keyword } = tokens[at + 1] as StatementText['tokens'][number]
    if (depth <= 0 && (text === ',' || keyword === 'order')) return at
    if (text === '(') depth++
    else if (text === ')') depth--
  }
  return at
}
