import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { runLoops, type Contender, type Scenario } from '../compare/contender.ts'
import { connectCanned } from './canned-server.ts'

/** A connection taken and given back, without a statement. The pool has more than it needs. */
export async function prepare(variant: string, { operation, concurrency = 1 }: Scenario): Promise<Contender> {
  const plain = new pg.Pool({ stream: connectCanned, max: 10 })
  const pool = variant === 'guarded' ? guardPool(plain, createGuard()) : plain
  const operate = operation === 'connect, release' ? () => takeAndReturn(pool) : () => takeByCallback(pool)
  return {
    run: (operations) => runLoops(operations, concurrency, operate),
    close: () => pool.end(),
  }
}

async function takeAndReturn(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  client.release()
}

function takeByCallback(pool: pg.Pool): Promise<void> {
  return new Promise((resolve, reject) => {
    pool.connect((error, _client, release) => {
      if (error !== undefined) return reject(error)
      release()
      resolve()
    })
  })
}
