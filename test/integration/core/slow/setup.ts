import {
  createGuard,
  type Guard,
  type GuardOptions,
  type Logger,
  type ObserveOptions,
  type SlowQueryEvent,
} from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import type { PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { expect, vi } from 'vitest'

/** Slow for `observed`, however slow the machine is. */
export const sleep = 'SELECT pg_sleep(0.2)'
/** Below that sleep, and above what other statements take. */
export const observed = { slowQueryMillis: 100 } as const satisfies ObserveOptions

/** The output of a guard. */
export interface Told {
  readonly warnings: string[]
  readonly errors: string[]
  readonly events: SlowQueryEvent[]
  readonly faults: Error[]
}

export interface Watched extends Told {
  readonly guard: Guard
  readonly pool: pg.Pool
}

/** Runs `work` on a pool that is watched. */
export async function watch(
  server: Pick<PostgresServer, 'url' | 'port'>,
  observe: ObserveOptions,
  work: (watched: Watched) => Promise<void>,
  { config = {}, options = {} }: { config?: pg.PoolConfig; options?: GuardOptions } = {},
): Promise<void> {
  const told: Told = { warnings: [], errors: [], events: [], faults: [] }
  const logger: Logger = {
    warn: (message) => void told.warnings.push(message),
    error: (message) => void told.errors.push(message),
  }
  const guard = createGuard({ logger, observe, ...options })
  guard.on('slowQuery', (event) => void told.events.push(event))
  guard.on('fault', (fault) => void told.faults.push(fault))
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 2, ...config }), guard, { poolName: 'shop' })
  try {
    await work({ ...told, guard, pool })
  } finally {
    await pool.end()
  }
}

/** Slow statements are reported in a later turn of the event loop. */
export function until(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 60_000, interval: 5 })
}

/** The events, once there are as many. */
export async function eventsOf({ events }: Told, count: number): Promise<readonly SlowQueryEvent[]> {
  await until(() => expect(events.length).toBeGreaterThanOrEqual(count))
  return events
}
