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

/** The functions of a driver that poolsafe replaces, each read in a place of its own: V8 then knows where it is. */
const readers = {
  query: (driver: Driver): unknown => driver.query,
  connect: (driver: Driver): unknown => driver.connect,
  end: (driver: Driver): unknown => driver.end,
}

type Driver = { readonly [Name in 'query' | 'connect' | 'end']?: unknown }

/**
 * Returns a driver's function, looked up for each call: tools for tracing, and stubs of tests, patch the class at any
 * time. A function of the object itself is looked up only now, because poolsafe puts its own in that place.
 */
export function inherited(target: object, name: keyof typeof readers): () => DriverFunction {
  const read = readers[name]
  if (Object.hasOwn(target, name)) {
    const own = unpatched(read(target))
    return () => own
  }
  const prototype = Object.getPrototypeOf(target) as Driver
  let known = read(prototype)
  let found = unpatched(known)
  return () => {
    const present = read(prototype)
    // The patch of the first use is looked up once for each function, because that takes as long as the call.
    if (present !== known) {
      known = present
      found = unpatched(present)
    }
    return found
  }
}
