import type { Engine } from '@poolsafe/core/adapter'
import type { Adapter } from './types.ts'

/** The pool of a driver whose clients expose their login parameters, as those of node-postgres do. */
interface DriverPool {
  readonly options?: { readonly connectionString?: string }
  readonly Client?: new (options: object) => Sample
}

interface Sample {
  readonly host?: unknown
  readonly port?: unknown
  getStartupConf?(): Readonly<Record<string, unknown>>
}

/**
 * Judges the login parameters and the address of an adapter's own pool. The adapter's factory hides its
 * configuration, but its pool does not. A client that is never connected, and has no socket, exposes it.
 */
export function refuseLogin(adapter: Adapter, guard: Engine, entry: (...args: never[]) => unknown): Error | undefined {
  const { Client, options } = (adapter.underlyingDriver?.() ?? {}) as DriverPool
  if (Client === undefined) return undefined
  try {
    const sample = new Client({ ...options, connection: {}, Promise: undefined })
    return guard.refuseLogin(sample.getStartupConf?.() ?? {}, options?.connectionString ?? sample, entry)
  } catch {
    // If the driver refuses the configuration, it does so again at the first statement, with its own error.
    return undefined
  }
}
