import { InvalidOptionError } from '../errors.ts'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './options.ts'

/** Marks what is guarded, recognised across copies of poolsafe. */
const brand = Symbol.for('poolsafe.guard')

/** The guard that watches this pool, client, dialect or adapter; `undefined` for one that is not guarded. */
export function guardOf(guarded: unknown): Guard | undefined {
  if ((typeof guarded !== 'object' && typeof guarded !== 'function') || guarded === null) return undefined
  return (guarded as { [brand]?: Guard })[brand]
}

/** Marks an object as watched by a guard. */
export function markGuarded<Target extends object>(target: Target, guard: Guard): Target {
  return Object.defineProperty(target, brand, { value: guard })
}

/**
 * For adapters: what is guarded already stays with its guard, which is no matter if it is the same one. Another guard
 * is told that it watches nothing here: it may be stricter, or know another pooler.
 *
 * @param what the parameter, for the message: `guardPool(): pool`
 * @throws InvalidOptionError where the other guard is strict; else it logs that once
 */
export function keepFirstGuard(first: Guard, second: Guard | GuardOptions | undefined, what: string): void {
  if (second === undefined || second === first) return
  const other = toGuard(second)
  if (other.mode === 'off') return
  const error = other.complain(
    new InvalidOptionError(
      what,
      second,
      'watched by one guard: make it once with createGuard() and hand the same one to each layer',
    ),
  )
  if (error !== undefined) throw error
}

/** For adapters: the guard that was handed in, or one made of the options that were. */
export function toGuard(given: Guard | GuardOptions | undefined): Guard {
  return isGuard(given) ? given : createGuard(given)
}

/** A guard of another copy of this package is one too. */
function isGuard(given: Guard | GuardOptions | undefined): given is Guard {
  return typeof given === 'object' && given !== null && 'refuse' in given && 'inspect' in given
}
