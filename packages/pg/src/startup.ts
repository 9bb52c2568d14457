import type { Engine } from '@poolsafe/core/adapter'
import type { ClientLike } from './types.ts'

type Entry = (...args: never[]) => unknown

/** The startup parameters of a client. A client of pg-native has no startup message: libpq writes it. */
export interface Sample {
  readonly host?: unknown
  readonly port?: unknown
  readonly database?: unknown
  getStartupConf?(): Readonly<Record<string, unknown>>
}

/** The members of a pool that create its clients. */
interface PoolInternals {
  readonly Client?: (new (options: object) => Sample) & { readonly prototype: Sample }
  readonly options?: { readonly connectionString?: unknown }
}

/**
 * Judges the login of the pool's clients: their configuration, the URL and the environment, as pg itself combines them.
 * It reads them from a client that is never connected and has no socket.
 */
export function refuseLoginOfPool(pool: object, guard: Engine, entry: Entry): Error | undefined {
  const sample = sampleOf(pool)
  return sample === undefined
    ? undefined
    : refuseLogin(sample, (pool as PoolInternals).options?.connectionString, guard, entry)
}

/** Returns a client of the pool's class that is never connected; `undefined` if the class, or pg, cannot create one. */
export function sampleOf(pool: object): Sample | undefined {
  const { Client, options } = pool as PoolInternals
  if (typeof Client?.prototype.getStartupConf !== 'function') return undefined
  try {
    return new Client({ ...options, connection: {}, Promise: undefined })
  } catch {
    // If pg refuses the configuration, it reports that when the pool opens its first connection.
    return undefined
  }
}

/** Judges the login of one client, before or after it connects. */
export function refuseLoginOfClient(client: ClientLike, guard: Engine, entry: Entry): Error | undefined {
  return refuseLogin(client as Sample, undefined, guard, entry)
}

function refuseLogin(sample: Sample, connectionString: unknown, guard: Engine, entry: Entry): Error | undefined {
  return guard.refuseLogin(
    sample.getStartupConf?.() ?? {},
    typeof connectionString === 'string' ? connectionString : sample,
    entry,
  )
}
