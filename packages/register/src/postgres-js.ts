import { createRequire, registerHooks, type LoadFnOutput } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UnsafeStatementError, type CheckoutOptions, type Guard } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'
import type * as PostgresJs from '@poolsafe/postgres-js'

/** The file of postgres.js that exports `postgres`, as an ES module and as CommonJS. */
const file = /[\\/]node_modules[\\/]postgres[\\/](?:cjs[\\/])?src[\\/]index\.js$/
/** The line that exports it. No other line of the file begins so. */
const exported = /^(export default |module\.exports = )Postgres$/m
/** The key under which the loaded file finds the wrapper. */
const key: unique symbol = Symbol.for('poolsafe.postgres-js')

type Make = (...args: unknown[]) => object

/**
 * Guards every `sql` that postgres.js makes in this process, whether it is imported or required. A function that a
 * module exports cannot be replaced from outside, so the line that exports it is changed when Node loads the file. Node
 * before 22.15 has no hook for that.
 *
 * @param limits those of the configuration
 * @param folderFound called with the folder of each copy's files
 */
export function watchPostgresJs(
  guard: Guard,
  limits: CheckoutOptions | undefined,
  folderFound: (folder: string) => void,
): void {
  // Node 22.12 to 22.14, which the types do not know.
  if ((registerHooks as unknown) === undefined) return
  Object.defineProperty(globalThis, key, { value: (make: Make) => guarding(make, guard, limits), configurable: true })
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      return url.startsWith('file:') && file.test(url)
        ? changed(loaded, () => folderFound(dirname(fileURLToPath(url))))
        : loaded
    },
  })
}

function changed(loaded: LoadFnOutput, found: () => void): LoadFnOutput {
  const { source } = loaded
  const text = typeof source === 'string' ? source : source && new TextDecoder().decode(source)
  if (!text || !exported.test(text)) return loaded
  found()
  return { ...loaded, source: text.replace(exported, "$1globalThis[Symbol.for('poolsafe.postgres-js')](Postgres)") }
}

/** A proxy, because `postgres` has properties such as `postgres.camel`. Its calls return the guarded `sql`. */
function guarding(make: Make, guard: Guard, limits: CheckoutOptions | undefined): Make {
  return new Proxy(make, {
    apply: (target, self, args) => adopted(Reflect.apply(target, self, args), guard, limits),
  })
}

/** Loaded only if the application uses postgres.js. */
const load = createRequire(import.meta.url)

function adopted(sql: object, guard: Guard, limits: CheckoutOptions | undefined): object {
  try {
    const { guardSqlMeanwhile } = load('@poolsafe/postgres-js') as typeof PostgresJs
    return guardSqlMeanwhile(sql, guard, optionsOf(limits))
  } catch (error) {
    if (error instanceof UnsafeStatementError) throw error
    engineOf(guard).fault('guard an sql of postgres.js', error)
    return sql
  }
}

/** Without a limit in the configuration, callers wait as long as they did before: forever. */
function optionsOf({ acquireTimeoutMillis = Infinity, ...others }: CheckoutOptions = {}): PostgresJs.SqlOptions {
  const { maxWaiting, leakDetectionMillis, idleInTransactionMillis } = others
  const given = Object.entries({ acquireTimeoutMillis, maxWaiting, leakDetectionMillis, idleInTransactionMillis })
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
