import { createGuard, type Guard, type GuardHealth, type HealthOptions } from '@poolsafe/core'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import { AsyncResource } from 'node:async_hooks'
import pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'

/** A guarded pool whose health is asked. A machine that is busy may take its time to answer. */
export interface Subject {
  readonly guard: Guard
  readonly pool: pg.Pool
  readonly health: (options?: HealthOptions) => Promise<GuardHealth>
}

/** Runs `work` on a guarded pool of at most two connections, and releases what `work` did not release. */
export async function withSubject(
  url: string,
  options: PoolOptions,
  work: (subject: Subject) => Promise<void>,
  config: pg.PoolConfig = {},
): Promise<void> {
  const guard = createGuard({ logger: { warn: () => {}, info: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: url, max: 2, ...config }), guard, options)
  pool.on('error', () => {})
  const out = new Set<pg.PoolClient>()
  pool.on('acquire', (client) => void out.add(client))
  pool.on('release', (_error, client) => void out.delete(client))
  try {
    await work({ guard, pool, health: (asked) => guard.health({ pingTimeoutMillis: 60_000, ...asked }) })
  } finally {
    for (const client of out) client.release(true)
    await pool.end()
  }
}

/** Acquires a connection like another request: the caller here is not inside that context. */
export function hold(pool: pg.Pool): Promise<pg.PoolClient> {
  return new AsyncResource('another request').runInAsyncScope(() => pool.connect())
}

/** Asks again and again until the health is as wanted; the limit of the test ends what never is. */
export async function until(
  ask: () => Promise<GuardHealth>,
  isWanted: (health: GuardHealth) => boolean,
): Promise<GuardHealth> {
  for (;;) {
    const health = await ask()
    if (isWanted(health)) return health
    await sleep(20)
  }
}

export const isHealthy = ({ healthy }: GuardHealth): boolean => healthy

/** For {@link until}: this problem is reported. */
export function hasProblem(kind: GuardHealth['problems'][number]): (health: GuardHealth) => boolean {
  return ({ problems }) => problems.includes(kind)
}
