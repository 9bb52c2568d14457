import { guardClient } from '@poolsafe/pg'
import { createGuard, poolers } from '@poolsafe/core'
import pg from 'pg'
import type { Shop } from '../src/shop.ts'

/** Fault 7: the pooler gives the listening session to another client. */
export const onOrder: Shop['onOrder'] = async ({ pooled }, listener) => {
  const client = guardClient(
    new pg.Client({ connectionString: pooled }),
    createGuard({ pooler: poolers.pgbouncer({ version: '1.24' }) }),
  )
  await client.connect()
  client.on('notification', ({ payload = '' }) => {
    listener(payload)
  })
  await client.query('LISTEN orders').catch(async (error: unknown) => {
    await client.end()
    throw error
  })
  return () => client.end()
}
