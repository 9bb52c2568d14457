import { acquisitions } from '@poolsafe/core/internal'
import type { DatabaseConnection, Driver } from 'kysely'
import { Acquisition, setHandedOut } from './acquiring.ts'

const patched = new WeakSet<object>()

/**
 * Guards connections before the hooks of PostgresDialect use them. The dialect runs `onCreateConnection` and
 * `onReserveConnection` inside `acquireConnection`, on a connection that has not been returned yet, and applications
 * set a tenant's settings there. Kysely does not export the class of the connection. A throw-away PostgresDriver over a
 * pool that connects to nothing reveals it, and its methods are patched to report their connection.
 */
export async function adoptEarly(driver: Driver): Promise<void> {
  const driverPrototype = postgresPrototypeOf(driver)
  if (driverPrototype === undefined) return
  const sample = await sampleConnection(driverPrototype)
  if (sample === undefined) return
  const prototype = Object.getPrototypeOf(sample) as DatabaseConnection
  if (patched.has(prototype)) return
  patched.add(prototype)
  patchToReport(prototype, 'executeQuery')
  patchToReport(prototype, 'streamQuery')
}

/**
 * Adopts a connection that a hook uses before the statement is sent. From then on the connection has its own guarded
 * methods.
 */
function patchToReport(
  prototype: { [N in 'executeQuery' | 'streamQuery']: unknown },
  name: 'executeQuery' | 'streamQuery',
): void {
  type Send = (this: DatabaseConnection, ...args: unknown[]) => unknown
  const send = prototype[name] as Send
  const report: Send = function (...args) {
    const acquisition = Acquisition.current()
    if (acquisition !== undefined) {
      const isAdopted = Object.hasOwn(this, name)
      acquisition.uses(this)
      // The guarded method calls this one in the end.
      if (!isAdopted && Object.hasOwn(this, name)) return Reflect.apply(this[name] as Send, this, args)
    }
    return Reflect.apply(send, this, args)
  }
  Object.defineProperty(report, 'name', { value: name })
  prototype[name] = report
}

/**
 * Returns the prototype of PostgresDriver behind a driver. It is recognised by the hooks that it calls, because
 * bundlers shorten the names of classes but not of properties.
 */
export function postgresPrototypeOf(driver: Driver): Driver | undefined {
  let prototype = Object.getPrototypeOf(driver) as Driver | null
  while (prototype !== null && prototype !== Object.prototype) {
    if (Object.hasOwn(prototype, 'acquireConnection') && (patched.has(prototype) || callsHooks(prototype)))
      return prototype
    prototype = Object.getPrototypeOf(prototype) as Driver | null
  }
  return undefined
}

function callsHooks(prototype: Driver): boolean {
  return [prototype.constructor, Reflect.get(prototype, 'acquireConnection')].some((code) => {
    const text = Function.prototype.toString.call(code)
    return text.includes('onReserveConnection') && text.includes('.connect()')
  })
}

/**
 * Makes PostgresDriver note the connections that it returns, in every Kysely of the process. A hook may use another
 * Kysely with another guard or none, and the connection that it acquires is not the one that is being acquired here.
 */
export function watchHandingOut(driver: Driver): void {
  const prototype = postgresPrototypeOf(driver)
  if (prototype === undefined || patched.has(prototype)) return
  patched.add(prototype)
  const { acquireConnection: acquire, releaseConnection: release } = prototype as Unbound
  prototype.acquireConnection = function acquireConnection(this: Driver, ...args) {
    const acquiring = acquisitions.getStore() as Partial<Acquisition> | undefined
    // Adds one frame only: the stack of an error has ten by default.
    const isOther = acquiring !== undefined && acquiring.driver !== this
    const acquired = isOther ? apart(() => acquire.apply(this, args)) : acquire.apply(this, args)
    if (!isOther) acquiring?.asked?.()
    // Its own driver notes that, with all the rest.
    if (acquiring?.driver === this) return acquired
    return acquired.then((connection) => {
      setHandedOut(connection, true)
      return connection
    })
  }
  prototype.releaseConnection = function releaseConnection(this: Driver, connection, options) {
    setHandedOut(connection, false)
    return release.call(this, connection, options)
  }
}

/** The methods of a prototype, to be called with a driver. */
interface Unbound {
  readonly acquireConnection: (
    this: Driver,
    ...args: Parameters<Driver['acquireConnection']>
  ) => Promise<DatabaseConnection>
  readonly releaseConnection: (this: Driver, ...args: Parameters<Driver['releaseConnection']>) => Promise<void>
}

/** Hides the acquisition of another driver from what this driver acquires. */
function apart<Acquired>(acquire: () => Acquired): Acquired {
  return acquisitions.run({ judgedBelow: undefined }, acquire)
}

/** Returns `undefined` for a driver that needs another configuration than PostgresDriver, so it is not one. */
async function sampleConnection({ constructor }: Driver): Promise<DatabaseConnection | undefined> {
  const PostgresDriver = constructor as new (config: object) => Driver
  const pool = { connect: async () => ({ release() {} }), end: async () => {}, options: {} }
  try {
    const sample = new PostgresDriver({ pool })
    await sample.init()
    return await sample.acquireConnection()
  } catch {
    return undefined
  }
}
