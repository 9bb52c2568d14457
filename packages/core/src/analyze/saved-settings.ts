import type { Node } from '@pgsql/types'
import { visitsOf } from '../sql/executed.ts'
import { functionCall, isBuiltIn, settingName, stringConstant, type FunctionCall } from '../sql/function-call.ts'
import { unlessRefused } from '../sql/parser.ts'
import { statementsOf, type StatementText } from '../sql/statement-text.ts'
import { effectsIn, type Analysis, type DetectedEffect } from './analysis.ts'
import type { Assignment } from './assignments.ts'
import { columnsOf, plainName } from './columns.ts'

/**
 * Returns a function that replaces variables which have saved a setting by NULL in `set_config`: putting the saved value
 * back takes the change back, as a reset does.
 *
 * @param saved the settings that variables hold
 */
export function restoresSaved(saved: ReadonlyMap<string, string>): (sql: string) => string {
  if (saved.size === 0) return (sql) => sql
  return (sql) =>
    restoringIn(sql, saved).reduceRight((text, { from, to }) => `${text.slice(0, from)}NULL${text.slice(to)}`, sql)
}

/**
 * Finds variables in which a PL/pgSQL routine saves a setting before it changes it:
 * `old := current_setting('app.a', true)`. A variable that gets several values may hold another one.
 *
 * @param analyze analyzes the statements of the body
 */
export function savedIn(
  assignments: readonly Assignment[],
  analyze: (sql: string) => Analysis,
): ReadonlyMap<string, string> {
  const saved = new Map<string, string>()
  const values = new Map<string, number>()
  for (const [at, { sql, variables }] of assignments.entries()) {
    const columns =
      variables.length === 0 || sql === '' ? [] : (unlessRefused(() => columnsOf(sql)) ?? []).slice(-variables.length)
    for (const [index, variable] of variables.entries()) {
      values.set(variable, (values.get(variable) ?? 0) + 1)
      const setting = settingReadBy(columns[index])
      const isChanged = (before: Assignment): boolean =>
        effectsIn(analyze(before.sql)).some((effect) => mayChange(effect, setting ?? ''))
      if (setting !== undefined && !assignments.slice(0, at).some(isChanged)) saved.set(variable, setting)
    }
  }
  return new Map([...saved].filter(([variable]) => values.get(variable) === 1))
}

function mayChange({ state, object }: DetectedEffect, setting: string): boolean {
  return object === setting || (object === undefined && settingStates.has(state))
}

const settingStates: ReadonlySet<string> = new Set(['setting', 'role', 'session-authorization'])

/** `current_setting('app.a', true)`, also within COALESCE. */
function settingReadBy(value: Node | undefined): string | undefined {
  if (value === undefined) return undefined
  if ('CoalesceExpr' in value) return settingReadBy(value.CoalesceExpr.args?.[0])
  const call = 'FuncCall' in value ? functionCall(value.FuncCall) : undefined
  return call !== undefined && call.name === 'current_setting' && isBuiltIn(call) ? settingOf(call) : undefined
}

function settingOf(call: FunctionCall): string | undefined {
  const name = stringConstant(call.argument(0, 'setting_name'))
  return name === undefined ? undefined : settingName(name)
}

interface Span {
  readonly from: number
  readonly to: number
}

/** `set_config('app.a', old, …`, also `coalesce(old, '')`: where the value stands in the text. */
function restoringIn(sql: string, saved: ReadonlyMap<string, string>): Span[] {
  const statements = unlessRefused(() => statementsOf(sql)) ?? []
  return statements.flatMap((text) =>
    [...visitsOf(text.node, () => false)].flatMap(({ tag, node }) => {
      const call = tag === 'FuncCall' ? functionCall(node) : undefined
      if (call === undefined || call.name !== 'set_config' || !isBuiltIn(call)) return []
      const value = call.argument(1, 'new_value')
      const variable = variableIn(value)
      if (value === undefined || variable === undefined || saved.get(variable) !== settingOf(call)) return []
      return spanOf(value, text) ?? []
    }),
  )
}

function variableIn(value: Node | undefined): string | undefined {
  if (value === undefined || !('CoalesceExpr' in value)) return plainName(value)
  const [first, second] = value.CoalesceExpr.args ?? []
  return stringConstant(second) === '' ? plainName(first) : undefined
}

function spanOf(value: Node, text: StatementText): Span | undefined {
  if ('ColumnRef' in value) return text.tokenAt(value.ColumnRef.location)
  const start = 'CoalesceExpr' in value ? text.indexAt(value.CoalesceExpr.location) : -1
  const [first, last] = [text.tokens[start], text.tokens[text.closing(start + 1)]]
  return first && last && { from: first.from, to: last.to }
}
