import { createGuard, poolers } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { allowInTest } from '@poolsafe/testing'
import '@poolsafe/testing/matchers'
import pg from 'pg'
import { expect, it } from 'vitest'

// Tests of an application, with the packages as they are published: `@poolsafe/testing/strict` and
// `@poolsafe/testing/reporter` stand in the configuration. Nothing is sent that is safe, so no server is needed. One
// test fails.

const guard = createGuard({ pooler: poolers.pgbouncer({ version: '1.24' }), logger: { warn: () => undefined } })
const pool = guardPool(new pg.Pool({ host: '127.0.0.1', port: 1 }), guard, { acquireTimeoutMillis: Infinity })

async function listen(): Promise<void> {
  await pool.query('LISTEN orders').catch(() => undefined)
}

it('keeps the error to itself', listen)

it('allows it', async () => {
  allowInTest('session/listen', 'the pool is for the direct connection')
  await listen()
})

it('expects it', async () => {
  await expect(listen).not.toRunPoolsafe()
})

it('knows the matcher', () => {
  expect('SELECT 1').toBePoolsafe({ pooler: poolers.pgbouncer() })
})
