import { createGuard, type Guard, type GuardOptions } from '@poolsafe/core'
import { guardPool, type PoolOptions } from '@poolsafe/pg'
import type { PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'

export interface Subject {
  readonly guard: Guard
  readonly pool: pg.Pool
  /** The warnings of the guard. */
  readonly warnings: readonly string[]
}

/** Runs `work` on a guarded pool of one connection. */
export async function withSubject(
  server: Pick<PostgresServer, 'url' | 'port'>,
  work: (subject: Subject) => Promise<void>,
  options: GuardOptions = {},
  limits: PoolOptions = {},
): Promise<void> {
  const warnings: string[] = []
  const guard = createGuard({ logger: { warn: (message: string) => void warnings.push(message) }, ...options })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard, limits)
  try {
    await work({ guard, pool, warnings })
  } finally {
    await pool.end()
  }
}
