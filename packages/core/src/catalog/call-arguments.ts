import type { ArgumentValue } from '../analyze/argument-values.ts'
import type { Effect } from '../rules/effect.ts'

/** A parameter that a call of a routine gives. */
export interface Parameter {
  /** Absent for one without a name. */
  readonly name?: string
  /** As `format_type()` prints it. */
  readonly type: string
  /** The default, if it is a number, `true` or `false`. */
  readonly default?: string
}

type OfRoutine = Partial<Pick<Effect, 'does' | 'localIf' | 'ifOmitted' | 'object'>> & Pick<Effect, 'state'>

/** Returns what the effects of a routine are in a call with these values. */
export function effectsOfArguments<E extends OfRoutine>(
  effects: readonly E[],
  parameters: readonly Parameter[],
  values: readonly ArgumentValue[],
): E[] {
  if (!effects.some(dependsOnArguments)) return [...effects]
  const given = (number: number): ArgumentValue | undefined => valueOf(number, parameters, values)
  return effects.flatMap((effect) => {
    const { localIf, ifOmitted } = effect
    if (ifOmitted !== undefined && given(ifOmitted) !== undefined) return []
    const value = localIf === undefined ? undefined : given(localIf)
    const constant = localIf === undefined ? undefined : (value?.constant ?? defaultOf(localIf, value, parameters))
    if (constant === 'true') return []
    return [withLock({ ...independent(effect), ...passedOn(value?.parameter) }, effect, given)]
  })
}

/** Returns effects of a routine that runs without a call that shows its values: as an operator, a cast, a trigger. */
export function withoutArguments<E extends OfRoutine>(effects: readonly E[]): E[] {
  return effects.map((effect) =>
    dependsOnArguments(effect) ? withLock(independent(effect), effect, () => undefined) : effect,
  )
}

function dependsOnArguments({ localIf, ifOmitted, object, state }: OfRoutine): boolean {
  return (
    localIf !== undefined || ifOmitted !== undefined || (state === 'advisory-lock' && object?.includes('$') === true)
  )
}

function independent<E extends OfRoutine>(effect: E): E {
  const { localIf, ifOmitted, ...own } = effect
  return localIf === undefined && ifOmitted === undefined ? effect : (own as unknown as E)
}

/** The caller's own parameter decides. */
function passedOn(parameter: number | undefined): { readonly localIf?: number } {
  return parameter === undefined ? {} : { localIf: parameter }
}

/** A lock whose key is a parameter gets the key that the call gives, or none. */
function withLock<E extends OfRoutine>(
  effect: E,
  { object, state }: OfRoutine,
  given: (number: number) => ArgumentValue | undefined,
): E {
  if (state !== 'advisory-lock' || object === undefined || !object.includes('$')) return effect
  let isKnown = !object.includes('(')
  const key = object.replaceAll(/\$(\d+)/g, (_, number: string) => {
    const { constant, parameter } = given(Number(number)) ?? {}
    isKnown &&= parameter !== undefined || /^-?\d+$/.test(constant ?? '')
    return parameter === undefined ? (constant ?? '') : `$${parameter}`
  })
  if (isKnown) return { ...effect, object: key }
  // An unlock of some lock frees none for certain.
  if (effect.does === 'clears' || effect.does === 'undoes') return { ...effect, object: '' }
  const { object: _, ...uncounted } = effect
  return uncounted as E
}

function valueOf(
  number: number,
  parameters: readonly Parameter[],
  values: readonly ArgumentValue[],
): ArgumentValue | undefined {
  const byPosition = values[number - 1]
  if (byPosition !== undefined && byPosition.name === undefined) return byPosition
  const { name } = parameters[number - 1] ?? {}
  return name === undefined ? undefined : values.find((value) => value.name === name)
}

function defaultOf(
  number: number,
  value: ArgumentValue | undefined,
  parameters: readonly Parameter[],
): string | undefined {
  return value === undefined ? parameters[number - 1]?.default : undefined
}
