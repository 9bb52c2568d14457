import type { DatabaseConnection, Driver } from 'kysely'
import { Acquisition } from './acquiring.ts'

const patched = new WeakSet<object>()

/**
 * PostgresDialect runs `onCreateConnection` and `onReserveConnection` inside `acquireConnection`, on a connection that
 * nobody outside has seen: and there the settings of a tenant are set. The class of the connection is not exported, so
 * it is learned from a throw-away PostgresDriver over a pool that connects to nothing, and taught to report itself.
 */
export async function adoptEarly(driver: Driver): Promise<void> {
  if (driver.constructor.name !== 'PostgresDriver') return
  const prototype = Object.getPrototypeOf(await sampleConnection(driver)) as DatabaseConnection
  if (patched.has(prototype)) return
  patched.add(prototype)
  // oxlint-disable-next-line typescript/unbound-method -- called with the connection as `this` below
  const { executeQuery: execute } = prototype
  prototype.executeQuery = function executeQuery<R>(this: DatabaseConnection, ...args: Parameters<typeof execute>) {
    const isAdopted = Object.hasOwn(this, 'executeQuery')
    Acquisition.current()?.uses(this)
    // Newly adopted, the connection has a guarded method of its own, which comes back here.
    const isNew = !isAdopted && Object.hasOwn(this, 'executeQuery')
    return isNew
      ? this.executeQuery<R>(...args)
      : execute.call<DatabaseConnection, typeof args, ReturnType<typeof execute<R>>>(this, ...args)
  }
}

async function sampleConnection(driver: Driver): Promise<DatabaseConnection> {
  const PostgresDriver = driver.constructor as new (config: object) => Driver
  const pool = { connect: async () => ({ release() {} }), end: async () => {}, options: {} }
  const sample = new PostgresDriver({ pool })
  await sample.init()
  return sample.acquireConnection()
}
