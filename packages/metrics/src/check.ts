import { InvalidOptionError, type Guard } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'

/** @throws InvalidOptionError if the argument is no guard */
export function checkGuard(given: unknown): asserts given is Guard {
  const isGuard = typeof given === 'object' && given !== null && 'stats' in given && 'on' in given
  if (!isGuard) throw new InvalidOptionError('guard', given, 'a guard, as createGuard() of @poolsafe/core makes one')
}

/** @throws InvalidOptionError for an object without these methods */
export function checkMethods(option: string, given: unknown, methods: readonly string[], allowed: string): void {
  const has = (method: string): boolean => typeof (given as Record<string, unknown>)[method] === 'function'
  if (typeof given !== 'object' || given === null || !methods.every(has))
    throw new InvalidOptionError(option, given, allowed)
}

/** Logs a warning that a guard with `observe: false` has no metrics of statements. */
export function warnOfMissing(guard: Guard, missing: string): void {
  const engine = engineOf(guard)
  if (engine.observer !== undefined) return
  engine.warn(
    `there are no metrics of statements (${missing}), as this guard was made with \`observe: false\`; those of pools are there`,
  )
}
