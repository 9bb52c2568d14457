import { unlessRefused } from '../sql/parser.ts'
import { columnsOf } from './columns.ts'
import type { DeclaredText } from './declared.ts'
import { toStatement } from './expression-text.ts'

/** A statement or an expression of a PL/pgSQL routine, and the variables that get its last columns. */
export interface Assignment {
  /** Empty if the values are those of no SELECT. */
  readonly sql: string
  readonly variables: readonly string[]
  /** The value of a declaration, which a variable has from the start. */
  readonly isDeclared?: true
}

/** Returns what a routine passes to SQL and what gets values, in the order of the text, declarations first. */
export function assignmentsIn(body: object): Assignment[] {
  const found: Assignment[] = []
  visit(body, startsOfBlocks(body), found)
  return found
}

/** The values that each variable gets, as `SELECT …`; empty for a value that is not known. */
export function valuesOf(assignments: readonly Assignment[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>()
  for (const { sql, variables } of assignments)
    for (const variable of variables) {
      const known = values.get(variable) ?? []
      known.push(variables.length === 1 ? sql : '')
      values.set(variable, known)
    }
  return values
}

/** Returns the types of variables that PL/pgSQL’s parser does not know, such as domains. */
export function typesDeclaredIn(body: object): string[] {
  return Object.entries(body).flatMap(([key, child]: [string, unknown]) => {
    if (typeof child !== 'object' || child === null) return []
    const type = key === 'PLpgSQL_rec' ? (child as Typed).datatype?.PLpgSQL_type?.typname : undefined
    return type === undefined || type === 'record' || type.includes('%') ? typesDeclaredIn(child) : [type]
  })
}

/** Returns the types of variables and parameters, by their names. A name that has two types has none. */
export function variableTypesIn(body: object): Map<string, string> {
  const found = new Map<string, string>()
  const visitAll = (part: object): void => {
    for (const [key, child] of Object.entries(part) as [string, unknown][]) {
      if (typeof child !== 'object' || child === null) continue
      const { refname } = child as { readonly refname?: string }
      const type = key === 'PLpgSQL_var' ? (child as Typed).datatype?.PLpgSQL_type?.typname : undefined
      if (refname !== undefined)
        found.set(refname, found.has(refname) && found.get(refname) !== type ? '' : (type ?? ''))
      visitAll(child)
    }
  }
  visitAll(body)
  return found
}

/** Returns the values of declared variables that PL/pgSQL's parser leaves out: those of types that it does not know. */
export function valuesDeclaredIn(body: object, text: DeclaredText): string[] {
  return Object.entries(body).flatMap(([key, child]: [string, unknown]) => {
    if (typeof child !== 'object' || child === null) return []
    const { refname, lineno } = child as { readonly refname?: string; readonly lineno?: number }
    if (key !== 'PLpgSQL_rec' || refname === undefined || lineno === undefined) return valuesDeclaredIn(child, text)
    const value = text.valueOf(refname)
    return value === undefined ? [] : [value]
  })
}

interface Typed {
  readonly datatype?: { readonly PLpgSQL_type?: { readonly typname?: string } }
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
    found[start] = {
      sql: isOfOutermost(part, blocks) ? own.sql : '',
      variables: [part.refname ?? ''],
      isDeclared: true,
    }
  else if (key === 'PLpgSQL_stmt_execsql' && own !== undefined) found[start] = { ...own, variables }
  else if (variables.length > 0) found.splice('var' in part ? start : found.length, 0, { sql: '', variables })
}

/** A declaration of an inner block runs later than it stands in the tree, which does not say of which block it is. */
function isOfOutermost({ lineno = 0 }: Part, [begin = 0, ...inner]: readonly number[]): boolean {
  return lineno < begin || inner.length === 0
}

interface Part {
  readonly refname?: string
  readonly lineno?: number
  /** The target of SELECT INTO, EXECUTE INTO and FETCH. */
  readonly target?: Target
  /** The variable of FOR. */
  readonly var?: Target
}

interface Target {
  readonly PLpgSQL_row?: { readonly fields?: readonly { readonly name?: string }[] }
  readonly PLpgSQL_var?: { readonly refname?: string }
  readonly PLpgSQL_rec?: { readonly refname?: string }
}

function targetsOf({ target, var: loop }: Part): string[] {
  const { PLpgSQL_row: row, PLpgSQL_var: variable, PLpgSQL_rec: record } = target ?? loop ?? {}
  const one = variable ?? record
  return [...(row?.fields ?? []).map(({ name }) => name ?? ''), ...(one ? [one.refname ?? ''] : [])]
}

/** `SELECT v, value`. A field of a record counts as the record. */
function assignedBy(sql: string): string[] {
  const [target] = unlessRefused(() => columnsOf(sql)) ?? []
  const [first] = target !== undefined && 'ColumnRef' in target ? (target.ColumnRef.fields ?? []) : []
  return first !== undefined && 'String' in first ? [first.String.sval ?? ''] : []
}

function isExpression(value: object): value is { readonly PLpgSQL_expr: Parameters<typeof toStatement>[0] } {
  return 'PLpgSQL_expr' in value
}
