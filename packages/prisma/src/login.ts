import type { Engine } from '@poolsafe/core/adapter'
import type { Adapter } from './types.ts'

/** The pool of a driver whose clients tell what they log in with, as those of node-postgres do. */
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
 * Judges what an adapter's own pool will log in with, and where. The adapter's factory hides its configuration, its
 * pool does not; the client that tells it is never connected, and has no socket.
 */
export function refuseLogin(adapter: Adapter, guard: Engine, entry: (...args: never[]) => unknown): Error | undefined {
  const { Client, options } = (adapter.underlyingDriver?.() ?? {}) as DriverPool
  if (Client === undefined) return undefined
  try {
    const sample = new Client({ ...options, connection: {}, Promise: undefined })
    return guard.refuseLogin(sample.getStartupConf?.() ?? {}, options?.connectionString ?? sample, entry)
  } catch {
    // A configuration that the driver refuses is refused again, in its own words, at the first statement.
    return undefined
  }
}
