import { AsyncLocalStorage } from 'node:async_hooks'
import type { DatabaseConnection, Dialect } from 'kysely'

const context = new AsyncLocalStorage<object>()
const known = new Map<string, boolean>()

/**
 * The least that a guard of a dialect can do: each acquire enters one asynchronous context for the driver and another
 * one for the work that will hold the connection, and each text is looked up once. Nothing is judged, followed, counted
 * or timed. It is the floor for the guard of poolsafe.
 */
export function guardLeastDialect(dialect: Dialect): Dialect {
  return {
    createDriver() {
      const driver = dialect.createDriver()
      const acquire = driver.acquireConnection.bind(driver)
      const patched = new WeakSet<DatabaseConnection>()
      driver.acquireConnection = (options) => {
        context.enterWith({ acquires: true })
        const acquired = acquire(options)
        context.enterWith({ holds: true })
        return acquired.then((connection) => {
          if (!patched.has(connection)) patched.add(lookUpTexts(connection))
          return connection
        })
      }
      return driver
    },
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  }
}

function lookUpTexts(connection: DatabaseConnection): DatabaseConnection {
  const execute = connection.executeQuery.bind(connection)
  connection.executeQuery = (query, options) => {
    if (!known.has(query.sql)) known.set(query.sql, true)
    return execute(query, options)
  }
  return connection
}
