/**
 * Returns the value that every copy of poolsafe in this process shares under a name, and creates it on the first call.
 * A process often loads several copies: ES modules beside CommonJS, or one copy for each ORM's adapter.
 *
 * @param name unique in the process; a second layer never writes the same value
 */
export function shared<Value>(name: string, create: () => Value): Value {
  const key = Symbol.for(`poolsafe.${name}`)
  const holder = globalThis as { [key]?: Value }
  return (holder[key] ??= create())
}

/** A shared place for one value, which may be absent. */
export interface Slot<Value> {
  current: Value | undefined
}
