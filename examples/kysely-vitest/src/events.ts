import pg from 'pg'
import type { Shop } from './shop.ts'

/** Notifications reach the session that listens, so it has its own direct connection. */
export const onOrder: Shop['onOrder'] = async ({ direct }, listener) => {
  const client = new pg.Client({ connectionString: direct })
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
