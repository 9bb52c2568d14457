import type { Node } from '@pgsql/types'
import { rules } from '../rules/index.ts'
import type { Analysis, Answer, DetectedEffect, DetectedTelltale } from './analysis.ts'
import type { Telltale } from '../rules/effect.ts'

const answered = rules.flatMap(({ id, answer }) => (answer === undefined ? [] : [{ id, tells: answer.tells }]))

/** Returns the effects that the answers to these statements may show. */
export function telltalesOf(statements: readonly Node[]): DetectedTelltale[] {
  return statements.flatMap((statement, at) =>
    answered.flatMap(({ id, tells }) =>
      tells(statement).map((found) => Object.assign({}, found, { at, effect: { ...found.effect, rule: id } })),
    ),
  )
}

/** Returns the effects that the server's answers have shown. There is one answer for each statement. */
export function toldBy({ telltales = [] }: Analysis, answers: readonly Answer[]): DetectedEffect[] {
  return telltales.filter((telltale) => isTold(telltale, answers[telltale.at])).map(({ effect }) => effect)
}

function isTold({ command, falseIn }: Telltale, answer: Answer | undefined): boolean {
  if (answer === undefined) return false
  if (command !== undefined) return answer.command === command
  return falseIn !== undefined && (answer.rows ?? []).some((row) => valueIn(row, falseIn) === false)
}

function valueIn(row: unknown, { name, position }: NonNullable<Telltale['falseIn']>): unknown {
  if (Array.isArray(row)) return row[position]
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[name] : undefined
}
