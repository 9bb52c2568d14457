import type { Engine } from '@poolsafe/core/adapter'
import type { ClientLike } from './types.ts'

type Entry = (...args: never[]) => unknown

/**
 * A client, as far as it tells what it will log in with. That of pg-native has no startup message of its own: libpq
 * writes that.
 */
export interface Sample {
  readonly host?: unknown
  readonly port?: unknown
  readonly database?: unknown
  getStartupConf?(): Readonly<Record<string, unknown>>
}

/** What a pool makes its clients with. */
interface PoolInternals {
  readonly Client?: (new (options: object) => Sample) & { readonly prototype: Sample }
  readonly options?: { readonly connectionString?: unknown }
}

/**
 * Judges what the pool's clients will log in with, and where: its configuration, the URL and the environment, as pg
 * itself puts them together. The client that tells it is never connected, and has no socket.
 */
export function refuseLoginOfPool(pool: object, guard: Engine, entry: Entry): Error | undefined {
  const sample = sampleOf(pool)
  return sample === undefined
    ? undefined
    : refuseLogin(sample, (pool as PoolInternals).options?.connectionString, guard, entry)
}

/** A client of the pool's class that is never connected; `undefined` where the class, or pg, does not make one. */
export function sampleOf(pool: object): Sample | undefined {
  const { Client, options } = pool as PoolInternals
  if (typeof Client?.prototype.getStartupConf !== 'function') return undefined
  try {
    return new Client({ ...options, connection: {}, Promise: undefined })
  } catch {
    // A configuration that pg refuses is refused again, in its own words, when the pool opens its first connection.
    return undefined
  }
}

/** Judges what one client will log in with, or has. */
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
