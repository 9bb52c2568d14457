import { processWide } from '@poolsafe/core'
import type { DatabaseConnection, Driver } from 'kysely'
import { Acquisition, setHandedOut } from './acquiring.ts'

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
  prototype.executeQuery = function executeQuery<R>(this: DatabaseConnection, ...[query, options]: Parameters<typeof execute>) {
    const acquisition = Acquisition.current()
    if (acquisition !== undefined) {
      const isAdopted = Object.hasOwn(this, 'executeQuery')
      acquisition.uses(this)
      // Newly adopted, the connection has a guarded method of its own, which comes back here.
      if (!isAdopted && Object.hasOwn(this, 'executeQuery')) return this.executeQuery<R>(query, options)
    }
    return execute.call(this, query, options) as ReturnType<typeof execute<R>>
  }
}

/**
 * A hook may use another Kysely, which nobody guards, or another guard does: what that one acquires meanwhile is not what is being
 * acquired here. So PostgresDriver tells what it hands out, in every Kysely of the process.
 */
export function watchHandingOut(driver: Driver): void {
  if (driver.constructor.name !== 'PostgresDriver') return
  const prototype = Object.getPrototypeOf(driver) as Driver
  if (patched.has(prototype)) return
  patched.add(prototype)
  // oxlint-disable-next-line typescript/unbound-method -- called with the driver as `this` below
  const { acquireConnection: acquire, releaseConnection: release } = prototype
  prototype.acquireConnection = async function acquireConnection(this: Driver, ...args) {
    const connection = await acquireAs(this, () => acquire.apply(this, args))
    setHandedOut(connection, true)
    return connection
  }
  prototype.releaseConnection = function releaseConnection(this: Driver, connection, options) {
    setHandedOut(connection, false)
    return release.call(this, connection, options)
  }
}

/** The acquisition of another driver means nothing to what this driver acquires. */
function acquireAs<Acquired>(driver: Driver, acquire: () => Acquired): Acquired {
  const acquiring = processWide.acquiring.getStore() as Partial<Acquisition> | undefined
  if (acquiring === undefined) return acquire()
  if (acquiring.driver !== driver) return processWide.acquiring.run({ judgedBelow: undefined }, acquire)
  const acquired = acquire()
  acquiring.asked?.()
  return acquired
}

async function sampleConnection(driver: Driver): Promise<DatabaseConnection> {
  const PostgresDriver = driver.constructor as new (config: object) => Driver
  const pool = { connect: async () => ({ release() {} }), end: async () => {}, options: {} }
  const sample = new PostgresDriver({ pool })
  await sample.init()
  return sample.acquireConnection()
}
