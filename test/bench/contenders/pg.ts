import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { runLoops, type Contender, type Scenario } from '../compare/contender.ts'
import { connectCanned } from './canned-server.ts'

/** `SELECT 1` by a pool: against the server at `url`, or against canned answers where there is none. */
export async function prepare(variant: string, scenario: Scenario): Promise<Contender> {
  const { concurrency = 1, url, operation } = scenario
  const server = url === undefined ? { stream: connectCanned } : { connectionString: url }
  const plain = new pg.Pool({ ...server, max: concurrency })
  const pool = variant === 'guarded' ? guardPool(plain, createGuard()) : plain
  const operate = operation === 'pool.query' ? () => pool.query('SELECT 1') : () => checkOut(pool)
  return {
    run: (operations) => runLoops(operations, concurrency, operate),
    close: () => pool.end(),
  }
}

async function checkOut(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('SELECT 1')
  } finally {
    client.release()
  }
}
