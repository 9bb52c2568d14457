import { engineOf, isPoolsafeError } from '@poolsafe/core/adapter'
import { waitingKey } from './gate-pool.ts'
import { lifeKey } from './living-client.ts'
import type { Arguments, DriverFunction } from './types.ts'
import { originalKey } from './unpatched.ts'

/** The prototype of pg's pools or clients. */
type Prototype = Record<string, unknown>

/**
 * Calls `adopt` with each pool or client of a class before its first statement or connection, unless poolsafe watches it
 * already. So an application can still guard a pool of its own after it has created it. The class is patched in place,
 * which reaches the objects that it has created before.
 *
 * After the adoption, poolsafe's own functions stand on the object and call the driver's, so the patch costs nothing.
 * `adopt` may throw an error of poolsafe, which then becomes the result of the call.
 *
 * @param prototype of `pg.Client`, of its native counterpart, or of pg-pool's `Pool`
 */
export function watchFirstUse(prototype: object, adopt: (target: object) => void): void {
  for (const name of ['connect', 'query']) patch(prototype as Prototype, name, adopt)
}

function patch(prototype: Prototype, name: string, adopt: (target: object) => void): void {
  const original = prototype[name]
  if (typeof original !== 'function' || originalKey in original) return
  const call = original as DriverFunction
  function first(this: object, ...args: unknown[]): unknown {
    return isWatched(this) ? Reflect.apply(call, this, args) : firstCall(this, { name, call, first }, args, adopt)
  }
  Object.defineProperty(first, 'name', { value: name })
  Object.defineProperty(first, 'length', { value: original.length })
  Object.defineProperty(first, originalKey, { value: original })
  Object.defineProperty(prototype, name, { value: first, configurable: true, writable: true })
}

/** Returns true for an object that some copy of poolsafe guards, gates or observes. */
function isWatched(target: object): boolean {
  return engineOf(target) !== undefined || lifeKey in target || waitingKey in target
}

interface Patched {
  readonly name: string
  readonly call: DriverFunction
  readonly first: DriverFunction
}

function firstCall(
  target: object,
  { name, call, first }: Patched,
  args: Arguments,
  adopt: (target: object) => void,
): unknown {
  const holder = target as Record<string, unknown>
  const isOutermost = holder[name] === first
  // A client connects once. Below a layer of someone else (a tracer, a subclass), the guard watches the login from here.
  const isLogin = !isOutermost && name === 'connect' && !('totalCount' in target)
  if (isLogin) Object.defineProperty(target, name, { value: call, configurable: true, writable: true })
  try {
    adopt(target)
  } catch (error) {
    if (!isPoolsafeError(error)) throw error
    return fail(error, args)
  }
  // Otherwise the layer above would run twice. A pool's connection is guarded all the same when pg-pool acquires it.
  return Reflect.apply(isOutermost || isLogin ? (holder[name] as DriverFunction) : call, target, [...args])
}

/** Every call form of `connect` and `query` passes a callback last, or returns a promise. */
function fail(error: Error, args: Arguments): unknown {
  const callback = args.at(-1)
  if (typeof callback !== 'function') return Promise.reject(error)
  process.nextTick(() => (callback as (error: Error) => void)(error))
  return undefined
}
