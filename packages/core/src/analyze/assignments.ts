import { unlessRefused } from '../sql/parser.ts'
import { columnsOf, plainName } from './columns.ts'
import { toStatement } from './do-block.ts'

/** A statement or an expression of a PL/pgSQL routine, and the variables that get its last columns. */
export interface Assignment {
  /** Empty if the values are those of no SELECT. */
  readonly sql: string
  readonly variables: readonly string[]
}

/** Returns what a routine passes to SQL and what gets values, in the order of the text, declarations first. */
export function assignmentsIn(body: object): Assignment[] {
  const found: Assignment[] = []
  visit(body, startsOfBlocks(body), found)
  return found
}

/** The lines of the BEGIN of each block, the outermost first. */
function startsOfBlocks(value: object): number[] {
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    if (typeof child !== 'object' || child === null) return []
    const inner = startsOfBlocks(child)
    return key === 'PLpgSQL_stmt_block' ? [(child as Part).lineno ?? 0].concat(inner) : inner
  })
}

function visit(value: object, blocks: readonly number[], found: Assignment[]): void {
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    if (typeof child !== 'object' || child === null) continue
    if (isExpression(child)) found.push({ sql: toStatement(child.PLpgSQL_expr), variables: [] })
    else visitPart(key, child, blocks, found)
  }
}

function visitPart(key: string, part: Part, blocks: readonly number[], found: Assignment[]): void {
  const start = found.length
  const variables = targetsOf(part)
  visit(part, blocks, found)
  const own = found[start]
  if (key === 'PLpgSQL_stmt_assign' && own !== undefined) found[start] = { ...own, variables: assignedBy(own.sql) }
  else if (key === 'PLpgSQL_var' && own !== undefined)
    found[start] = { sql: isOfOutermost(part, blocks) ? own.sql : '', variables: [part.refname ?? ''] }
  else if (key === 'PLpgSQL_stmt_execsql' && own !== undefined) found[start] = { ...own, variables }
  else if (variables.length > 0) found.push({ sql: '', variables })
}

/** A declaration of an inner block runs later than it stands in the tree, which does not say of which block it is. */
function isOfOutermost({ lineno = 0 }: Part, [begin = 0, ...inner]: readonly number[]): boolean {
  return lineno < begin || inner.length === 0
}

interface Part {
  readonly refname?: string
  readonly lineno?: number
  /** Of SELECT INTO, EXECUTE INTO and FETCH. */
  readonly target?: Target
  /** Of FOR. */
  readonly var?: Target
}

interface Target {
  readonly PLpgSQL_row?: { readonly fields?: readonly { readonly name?: string }[] }
  readonly PLpgSQL_var?: { readonly refname?: string }
}

function targetsOf({ target, var: loop }: Part): string[] {
  const { PLpgSQL_row: row, PLpgSQL_var: variable } = target ?? loop ?? {}
  return [...(row?.fields ?? []).map(({ name }) => name ?? ''), ...(variable ? [variable.refname ?? ''] : [])]
}

/** `SELECT v, value`. Another target than a variable is none. */
function assignedBy(sql: string): string[] {
  const name = plainName((unlessRefused(() => columnsOf(sql)) ?? [])[0])
  return name === undefined ? [] : [name]
}

function isExpression(value: object): value is { readonly PLpgSQL_expr: Parameters<typeof toStatement>[0] } {
  return 'PLpgSQL_expr' in value
}
