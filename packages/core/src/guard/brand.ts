import type { Guard } from './guard.ts'

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
