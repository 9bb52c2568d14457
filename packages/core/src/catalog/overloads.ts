import type { ArgumentValue } from '../analyze/argument-values.ts'
import type { Parameter } from './call-arguments.ts'

/** Types among which PostgreSQL converts by itself, from the narrowest on. */
const families: readonly (readonly string[])[] = [
  ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'],
  ['text', 'character varying', 'character', 'name'],
  ['date', 'timestamp without time zone', 'timestamp with time zone'],
  ['boolean'],
  ['uuid'],
  ['json'],
  ['jsonb'],
  ['bytea'],
  ['interval'],
]

const familyOf = new Map(families.flatMap((family) => family.map((type) => [type, family] as const)))

interface Overload {
  readonly parameters?: readonly Parameter[]
}

/** Returns the routines that a call may mean, by the types that its arguments show. */
export function meantBy<Routine extends Overload>(
  routines: readonly Routine[],
  values: readonly ArgumentValue[],
): Routine[] {
  const possible = routines.filter(({ parameters }) => values.every((value, at) => fits(value, at, parameters)))
  if (possible.length < 2) return possible.length === 0 ? [...routines] : possible
  const exact = possible.filter(({ parameters }) => values.every((value, at) => isExact(value, at, parameters)))
  return exact.length === 0 ? possible : exact
}

/** Returns false if PostgreSQL surely does not take the value for the parameter. */
function fits(value: ArgumentValue, at: number, parameters: readonly Parameter[] | undefined): boolean {
  const from = familyOf.get(value.type ?? '')
  const type = typeOf(value, at, parameters)
  const to = familyOf.get(type ?? '')
  if (from === undefined || to === undefined || type === undefined) return true
  return from === to && (from !== families[0] || from.indexOf(value.type ?? '') <= to.indexOf(type))
}

function isExact(value: ArgumentValue, at: number, parameters: readonly Parameter[] | undefined): boolean {
  const type = typeOf(value, at, parameters)
  // PostgreSQL takes a text in quotes for a text, if it may.
  return value.type === 'unknown' ? type === 'text' : value.type !== undefined && value.type === type
}

function typeOf({ name }: ArgumentValue, at: number, parameters: readonly Parameter[] | undefined): string | undefined {
  return (name === undefined ? parameters?.[at] : parameters?.find((each) => each.name === name))?.type
}
