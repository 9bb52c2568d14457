import type { DriverFunction } from './types.ts'

/** The property of a function that {@link watchFirstUse} patched: the driver's own function below it. */
export const originalKey: unique symbol = Symbol.for('poolsafe.original')

/**
 * Returns the driver's function, without the patch that waits for the first use. A `Client` class of the application
 * may lack it.
 */
export function unpatched(given: unknown): DriverFunction {
  const original = (given as { [originalKey]?: DriverFunction } | undefined)?.[originalKey]
  return original ?? (given as DriverFunction)
}

/**
 * Returns a driver's function, looked up for each call: tools for tracing, and stubs of tests, patch the class at any
 * time. A function of the object itself is looked up only now, because poolsafe puts its own in that place.
 */
export function inherited(target: object, name: string): () => DriverFunction {
  if (Object.hasOwn(target, name)) {
    const own = unpatched(Reflect.get(target, name))
    return () => own
  }
  const prototype = Object.getPrototypeOf(target) as Record<string, unknown>
  return () => unpatched(prototype[name])
}
