import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { expect, it } from 'vitest'

/** Returns poolsafe's messages about a pool that never connects. */
function toldOf(config: pg.PoolConfig): { readonly name: string; readonly server: object; readonly all: string } {
  const guard = createGuard({ logger: { warn: () => {}, info: () => {} } })
  const pool = guardPool(new pg.Pool(config), guard)
  const { pools } = guard.stats()
  expect(pool.totalCount).toBe(0)
  return { name: pools[0]?.name ?? '', server: pools[0]?.server ?? {}, all: JSON.stringify(pools) }
}

it.each([
  'host=127.0.0.1 port=1 user=app password=hunter2 dbname=shop',
  'password=hunter2',
  'postgres://app:2024/hunter2@127.0.0.1:5432/shop',
  'postgres://app:2024#hunter2@127.0.0.1/shop',
  'postgres://app:2024?hunter2@127.0.0.1/shop',
  'postgres://app:hun?ter2@127.0.0.1:5432/shop',
  'postgres://app:@2024/hunter2@127.0.0.1/shop',
  'app:hunter2@127.0.0.1:5432/shop',
  'app:2024/hunter2@127.0.0.1:5432/shop',
  '//app:hunter2@127.0.0.1/shop',
  '/app:hunter2@127.0.0.1/shop',
  'jdbc:postgresql://127.0.0.1:1/shop?user=app&password=hunter2',
  'postgres://127.0.0.1:1/shop;password=hunter2',
  'postgres://u:p@127.0.0.1:1/shop%3Fpassword=hunter2',
])('no part of a password comes into the name of a pool by the malformed string %s', (connectionString) => {
  const { name, all } = toldOf({ connectionString })
  expect(name).toContain('unknown')
  expect(all).not.toMatch(/unter2|2024/)
})

it.each<[pg.PoolConfig, string]>([
  [
    { connectionString: 'postgres://app:p%40ss%2Fword@db-1.internal:6432/shop_eu?sslmode=disable' },
    'db-1.internal:6432/shop_eu',
  ],
  [{ connectionString: 'postgres://app:secret@[::1]:5433/shop.test' }, '::1:5433/shop.test'],
  [
    { connectionString: 'postgres://app@/shop?host=/cloudsql/a-project:europe-west1:main' },
    '/cloudsql/a-project:europe-west1:main:5432/shop',
  ],
  [{ host: '/var/run/postgresql', port: 5434, database: 'shop', user: 'app' }, '/var/run/postgresql:5434/shop'],
  [{ host: 'db', user: 'app', password: 'a@b/c' }, 'db:5432/app'],
])('well-formed configuration names its pool: %j', (config, name) => {
  expect(toldOf(config).name).toBe(name)
})

it('no part of a password comes into an error that quotes the driver, nor into the health', async () => {
  const guard = createGuard({ logger: { warn: () => {}, info: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: '/app:hunter2@127.0.0.1/shop' }), guard, {
    acquireTimeoutMillis: 300,
  })
  const error = await pool.query('SELECT 1').then(
    () => undefined,
    (failure: Error) => failure,
  )
  expect(error?.message).toMatch(/serverRefuses[^]*error +connect ENOENT …/)
  expect(error?.message).not.toContain('hunter2')
  expect(JSON.stringify(await guard.health())).not.toContain('hunter2')
  await pool.end()
})
