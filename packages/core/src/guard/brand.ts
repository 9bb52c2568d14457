import { InvalidOptionError } from '../errors.ts'
import { engineKey, type Engine } from './engine.ts'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './options.ts'

/**
 * Returns the engine of a guard, or of the guard that watches this pool, client, dialect or adapter; `undefined` for
 * anything else. Recognises the guards of other copies of this package.
 */
export function engineOf(guard: Guard): Engine
export function engineOf(guarded: unknown): Engine | undefined
export function engineOf(guarded: unknown): Engine | undefined {
  if ((typeof guarded !== 'object' && typeof guarded !== 'function') || guarded === null) return undefined
  return (guarded as { [engineKey]?: Engine })[engineKey]
}

/** Marks an object as watched by the guard of this engine. */
export function markGuarded<Target extends object>(target: Target, engine: Engine): Target {
  return Object.defineProperty(target, engineKey, { value: engine })
}

/**
 * Keeps the first guard of an object that is guarded already. The same guard twice is fine. Another guard may be
 * stricter, or know another pooler, so poolsafe reports that it watches nothing here.
 *
 * @param what the parameter, for the message: `a pool`
 * @throws InvalidOptionError if the second guard is strict; otherwise the second guard logs it once
 */
export function keepFirstGuard(first: Engine, second: Engine | Guard | GuardOptions | undefined, what: string): void {
  if (second === undefined) return
  const other = toEngine(second)
  if (other === first || other.mode === 'off') return
  const error = other.complain(
    new InvalidOptionError(
      what,
      second,
      'watched by one guard: make it once with createGuard() and hand the same one to each layer',
    ),
  )
  if (error !== undefined) throw error
}

/** Returns the engine of the given guard, or of a guard that is created with the given options; an engine as it is. */
export function toEngine(given: Engine | Guard | GuardOptions | undefined): Engine {
  if (isEngine(given)) return given
  return engineOf(isGuard(given) ? given : createGuard(given))
}

/** Classes differ between copies of this package, so members decide. */
function isEngine(given: object | undefined): given is Engine {
  return typeof given === 'object' && given !== null && 'refuseAnswer' in given && 'peek' in given
}

function isGuard(given: Guard | GuardOptions | undefined): given is Guard {
  return typeof given === 'object' && given !== null && engineKey in given && 'inspect' in given
}
