import type { Node } from '@pgsql/types'
import { isValue, visitsOf } from '../sql/executed.ts'
import { unlessRefused } from '../sql/parser.ts'
import { statementsOf } from '../sql/statement-text.ts'
import type { Assignment } from './assignments.ts'
import { columnsOf } from './columns.ts'

/** The first number of a variable. Numbers of parameters are smaller. */
const firstVariable = 1000

/** Names of parameters and variables that have one value in the whole routine. */
export interface StableNames {
  /** Returns what may stand for the name: `$2` for a parameter, a constant, or a number of its own. */
  of(path: readonly string[]): string | undefined
}

/**
 * Finds the names that mean the same value wherever they stand in a routine: parameters that are not assigned, and
 * variables that are assigned once.
 *
 * @param parameters the names of the parameters that a call gives; empty for one without
 * @param aliases other names of parameters, with their number from 1
 */
export function stableNamesIn(
  routine: string,
  parameters: readonly string[],
  assignments: readonly Assignment[] = [],
  aliases: ReadonlyMap<string, number> = new Map(),
): StableNames {
  const assigned = assignments.flatMap((assignment, at) =>
    assignment.variables.map((name) => ({ name, assignment, at })),
  )
  const numbers = new Map<string, string>()
  return {
    of(qualified) {
      // The name of the routine may stand before that of a parameter.
      const isOfRoutine = qualified.length === 2 && qualified[0] === routine && parameters.includes(qualified[1] ?? '')
      const path = isOfRoutine ? qualified.slice(1) : qualified
      const [name = ''] = path
      const values = assigned.filter((each) => each.name === name)
      const parameter = (aliases.get(name) ?? parameters.indexOf(name) + 1) - 1
      if (values.length > 1 || (values.length === 1 && parameter >= 0)) return undefined
      if (parameter >= 0 && path.length === 1) return `$${parameter + 1}`
      const [value] = values
      if (value === undefined && !isOfTrigger(name)) return undefined
      const constant = value?.assignment.isDeclared === true ? constantIn(value.assignment.sql) : undefined
      if (constant !== undefined && path.length === 1) return constant
      if (value !== undefined && isUsedBefore(name, assignments.slice(0, value.at))) return undefined
      const key = path.join('.')
      const number = numbers.get(key) ?? `$${firstVariable + numbers.size}`
      numbers.set(key, number)
      return number
    },
  }
}

/** Returns true for a name that PL/pgSQL gives every trigger function. */
function isOfTrigger(name: string): boolean {
  return /^(?:new|old|tg_\w+)$/.test(name)
}

function constantIn(sql: string): string | undefined {
  const column = sql === '' ? undefined : unlessRefused(() => columnsOf(sql))?.at(-1)
  return column !== undefined && isValue(column) ? sql.replace(/^SELECT\s+/i, '') : undefined
}

/** A lock under the name may have been taken with another value. */
function isUsedBefore(name: string, assignments: readonly Assignment[]): boolean {
  return assignments.some(({ sql }) => /advisory/i.test(sql) && sql.toLowerCase().includes(name))
}

/** Replaces the names in statements that read no table. */
export function withStableNames(sql: string, stable: StableNames): string {
  const statements = unlessRefused(() => statementsOf(sql)) ?? []
  const spans = statements.flatMap((statement) => {
    const visits = [...visitsOf(statement.node, () => false)]
    if (visits.some(({ tag }) => readsTable.test(tag))) return []
    return visits.flatMap(({ tag, node }) => {
      if (tag !== 'ColumnRef') return []
      const path = pathOf(node)
      const start = statement.indexAt((node as { readonly location?: number }).location)
      const [first, last] = [statement.tokens[start], statement.tokens[start + (path.length - 1) * 2]]
      const name = first === undefined || last === undefined ? undefined : stable.of(path)
      return name === undefined ? [] : [{ from: first?.from ?? 0, to: last?.to ?? 0, name }]
    })
  })
  return spans
    .toSorted((one, other) => other.from - one.from)
    .reduce((text, { from, to, name }) => `${text.slice(0, from)}${name}${text.slice(to)}`, sql)
}

const readsTable = /^(Range|Insert|Update|Delete|Merge|JoinExpr)/

function pathOf(node: object): string[] {
  const { fields = [] } = node as { readonly fields?: readonly Node[] }
  return fields.map((field) => ('String' in field ? (field.String.sval ?? '') : ''))
}

/** The same for the statements of a body that is parsed already. */
export function stabilise(statement: Node, stable: StableNames): Node {
  if ([...visitsOf(statement, () => false)].some(({ tag }) => readsTable.test(tag))) return statement
  return JSON.parse(JSON.stringify(statement), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('ColumnRef' in value)) return value
    const name = stable.of(pathOf(value.ColumnRef as object))
    return name === undefined || !name.startsWith('$') ? value : { ParamRef: { number: Number(name.slice(1)) } }
  }) as Node
}
