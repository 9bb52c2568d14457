import type { Guard } from '@poolsafe/core'
import type { Adapter } from './types.ts'

/** The pool of a driver whose clients tell what they log in with, as those of node-postgres do. */
interface DriverPool {
  readonly options?: object
  readonly Client?: { new (options: object): { getStartupConf?(): Readonly<Record<string, unknown>> } }
}

/**
 * Judges what an adapter's own pool will log in with. The adapter's factory hides its configuration, its pool does not; the client
 * that tells it is never connected, and has no socket.
 */
export function refuseStartup(adapter: Adapter, guard: Guard, entry: (...args: never[]) => unknown): Error | undefined {
  const { Client, options } = (adapter.underlyingDriver?.() ?? {}) as DriverPool
  if (Client === undefined) return undefined
  const parameters = startupOf(Client, { ...options, connection: {}, Promise: undefined })
  return parameters && guard.refuseStartup(parameters, entry)
}

/** A configuration that the driver refuses is refused again, in its own words, at the first statement. */
function startupOf(Client: NonNullable<DriverPool['Client']>, options: object): Readonly<Record<string, unknown>> | undefined {
  try {
    return new Client(options).getStartupConf?.()
  } catch {
    return undefined
  }
}
