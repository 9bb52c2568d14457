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
