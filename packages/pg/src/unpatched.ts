import type { DriverFunction } from './types.ts'

/** The property of a function that {@link watchFirstUse} patched: the driver's own function below it. */
export const originalKey: unique symbol = Symbol.for('poolsafe.original')

/** Returns the driver's function, without the patch that waits for the first use. */
export function unpatched(given: unknown): DriverFunction {
  const { [originalKey]: original } = given as { [originalKey]?: DriverFunction }
  return original ?? (given as DriverFunction)
}
