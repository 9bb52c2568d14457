import { InvalidOptionError, type Guard } from '@poolsafe/core'

/** @throws InvalidOptionError for what is no guard */
export function checkGuard(given: unknown): asserts given is Guard {
  const isGuard = typeof given === 'object' && given !== null && 'stats' in given && 'pools' in given && 'on' in given
  if (!isGuard) throw new InvalidOptionError('guard', given, 'a guard, as createGuard() of @poolsafe/core makes one')
}

/** @throws InvalidOptionError for an object without these methods */
export function checkMethods(option: string, given: unknown, methods: readonly string[], allowed: string): void {
  const has = (method: string): boolean => typeof (given as Record<string, unknown>)[method] === 'function'
  if (typeof given !== 'object' || given === null || !methods.every(has))
    throw new InvalidOptionError(option, given, allowed)
}

/** Says once what a guard cannot tell. */
export function warnOfMissing(guard: Guard, missing: string): void {
  if (guard.observer !== undefined) return
  guard.warn(
    `there are no metrics of statements (${missing}), as this guard was made with \`observe: false\`; those of pools are there`,
  )
}
