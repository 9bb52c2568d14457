import { InvalidOptionError, type Guard } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'

/** @throws InvalidOptionError if the argument is not a guard */
export function checkGuard(given: unknown): asserts given is Guard {
  const isGuard = typeof given === 'object' && given !== null && 'stats' in given && 'on' in given
  if (!isGuard) throw new InvalidOptionError('guard', given, 'a guard created by createGuard() of @poolsafe/core')
}

/** @throws InvalidOptionError if a method is missing */
export function checkMethods(option: string, given: unknown, methods: readonly string[], allowed: string): void {
  const has = (method: string): boolean => typeof (given as Record<string, unknown>)[method] === 'function'
  if (typeof given !== 'object' || given === null || !methods.every(has))
    throw new InvalidOptionError(option, given, allowed)
}

/** Warns that a guard with `observe: false` has no statement metrics. */
export function warnOfMissing(guard: Guard, missing: string): void {
  const engine = engineOf(guard)
  if (engine.observer !== undefined) return
  engine.warn(
    `there are no statement metrics (${missing}), because this guard was created with \`observe: false\`; pool metrics work`,
  )
}
