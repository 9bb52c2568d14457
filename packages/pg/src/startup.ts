import type { Guard } from '@poolsafe/core'
import type { ClientLike } from './types.ts'

/** A class of pg's clients. The client of pg-native has no startup message of its own: libpq writes that. */
interface ClientClass {
  new (options: object): { getStartupConf(): Readonly<Record<string, unknown>> }
  readonly prototype: { getStartupConf?: unknown }
}

/** What a pool makes its clients with. */
interface PoolInternals {
  readonly Client?: ClientClass
  readonly options?: object
}

/**
 * Judges what the pool's clients will log in with: its configuration, the URL and the environment, as pg itself puts them together.
 * The client that tells it is never connected, and has no socket.
 */
export function refuseStartupOfPool(pool: object, guard: Guard, entry: (...args: never[]) => unknown): Error | undefined {
  const { Client, options } = pool as PoolInternals
  if (typeof Client?.prototype.getStartupConf !== 'function') return undefined
  const parameters = startupOf(Client, { ...options, connection: {}, Promise: undefined })
  return parameters && guard.refuseStartup(parameters, entry)
}

/** A configuration that pg refuses is refused again, in pg's words, when the pool opens its first connection. */
function startupOf(Client: ClientClass, options: object): Readonly<Record<string, unknown>> | undefined {
  try {
    return new Client(options).getStartupConf()
  } catch {
    return undefined
  }
}

/** Judges what one client will log in with, or has. */
export function refuseStartupOfClient(client: ClientLike, guard: Guard, entry: (...args: never[]) => unknown): Error | undefined {
  const { getStartupConf } = client as { getStartupConf?: () => Readonly<Record<string, unknown>> }
  return getStartupConf && guard.refuseStartup(getStartupConf.call(client), entry)
}
