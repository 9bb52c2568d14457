import { describe, expect, it } from 'vitest'
import { clientLimit, mostServers, type PgBouncerFacts, type Way } from './pgbouncer-way.ts'

// Rows as the console of PgBouncer 1.26.1 returned them. Older versions lack some columns: the tests on servers have those.

const shop = { name: 'shop', host: '127.0.0.1', port: 5432, database: 'shop', force_user: null, pool_size: 60 }
const app = {
  name: 'app',
  pool_size: '',
  reserve_pool_size: '',
  max_user_connections: 0,
  max_user_client_connections: 0,
}
const way: Way = { database: 'shop', user: 'app' }

function consoleWith(database: object, user: object): PgBouncerFacts {
  return {
    version: '1.26.1',
    config: { max_client_conn: '500', max_user_connections: '0' },
    databases: [{ ...shop, reserve_pool_size: 0, max_connections: 0, max_client_connections: 0, ...database }],
    pools: [{ database: 'shop', user: 'app' }],
    stats: [],
    users: [{ ...app, ...user }],
  }
}

describe('clientLimit', () => {
  it.each<[string, object, object, number]>([
    ['max_client_conn', {}, {}, 500],
    ['max_db_client_connections', { max_client_connections: 40 }, { max_user_client_connections: 50 }, 40],
    ['max_user_client_connections', {}, { max_user_client_connections: 10 }, 10],
  ])('is the tightest: %s', (name, database, user, room) => {
    expect(clientLimit(consoleWith(database, user), way)).toEqual({ name, room })
  })
})

describe('mostServers', () => {
  it.each<[string, object, object, number]>([
    ['the size of the database', {}, {}, 60],
    ['the size of the user, which goes first', {}, { pool_size: '       20' }, 20],
    ['with a reserve', { reserve_pool_size: 5 }, {}, 65],
    ['max_db_connections', { max_connections: 30 }, {}, 30],
    ['max_user_connections of the user', {}, { max_user_connections: 40 }, 40],
  ])('is %s', (_, database, user, most) => {
    expect(mostServers(consoleWith(database, user), way, 'app')).toBe(most)
  })
})
