import type { PoolOptions } from '@poolsafe/pg'
import type pg from 'pg'
import type { Told } from './harness.ts'

export type Pg = typeof pg

/** A way to send statements, and what poolsafe reports. */
export interface Form {
  readonly send: (pool: pg.Pool, module: Pg) => Promise<unknown>
  readonly told: readonly Told[]
  /** How many of them reach the server. @default all */
  readonly reach?: number
  /** Only the newest pg has it. */
  readonly isNew?: true
  readonly config?: pg.PoolConfig & { readonly pipeline?: boolean }
  readonly options?: PoolOptions
  /** The handling of the state is up to the pooler. */
  readonly isDirect?: true
}

export const numbers = 'SELECT n FROM generate_series(1, 5) AS n'
export const shownNumbers = 'SELECT n FROM generate_series(?) AS n'
export const one: Told = ['SELECT ? AS one', 1]
export const sql = 'SELECT 1 AS one'

export async function withClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

export const swallow = (answer: Promise<unknown>): Promise<unknown> => answer.catch(() => undefined)
export const unsendable = {
  toPostgres(): string {
    throw new Error('this value cannot be sent')
  },
}
