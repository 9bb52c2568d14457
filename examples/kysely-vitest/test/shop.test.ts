import { afterAll, beforeAll, expect, test } from 'vitest'
import { shop } from '#shop'
import { openDirect, openPooled, type Database } from '../src/database.ts'
import { asTenant } from '../src/orders.ts'
import { startServers, type DatabaseName, type Servers } from './servers.ts'

let servers: Servers
let db: Database

beforeAll(async () => {
  servers = await startServers(shop.statements)
  db = openPooled(servers.pooled('shop'), directOf('shop'))
})

afterAll(async () => {
  await db.destroy()
  await servers.stop()
})

test('a migration brings an empty database up to date', async () => {
  const pooled = openPooled(servers.pooled('empty'), directOf('empty'))
  const direct = openDirect(servers.direct('empty'))
  const { error, results } = await shop.migrate({ pooled, direct })
  await Promise.all([pooled.destroy(), direct.destroy()])
  expect(error).toBeUndefined()
  expect(results).toMatchObject([{ migrationName: '001-shop', status: 'Success' }])
})

test('an order gets a number of its own', async () => {
  const first = await shop.placeOrder(db, 1, 'book')
  expect(await shop.placeOrder(db, 1, 'lamp')).toBe(first + 1)
})

test('a tenant sees its own orders alone', async () => {
  await add(2, ['chair'])
  expect(await shop.ordersOf(db, 2)).toEqual(['chair'])
})

test('orders are counted by tenant', async () => {
  await add(3, ['desk', 'shelf'])
  expect(await shop.countOrders(db, 3)).toBe(2)
})

test('orders are exported in pages', async () => {
  await add(4, ['a', 'b', 'c'])
  expect(await shop.exportOrders(db, 4, 2)).toEqual([['a', 'b'], ['c']])
})

test('an import adds what is not there yet', async () => {
  await add(5, ['a'])
  expect(await shop.importOrders(db, 5, ['a', 'b'])).toBe(1)
})

test('a price can be asked for', async () => {
  await directly(
    async (direct) => void (await direct.insertInto('prices').values({ item: 'pen', cents: 120 }).execute()),
  )
  expect(await shop.priceOf(db, 'pen')).toBe(120)
})

test('a change of a price is written down with who made it', async () => {
  await shop.setPrice(db, 'ann', 'ink', 300)
  expect(await db.selectFrom('price_changes').selectAll().where('item', '=', 'ink').execute()).toEqual([
    { item: 'ink', cents: 300, changed_by: 'ann' },
  ])
})

test('a job is queued', async () => {
  await shop.addJob(db, 'queued')
  expect(await db.selectFrom('jobs').select('task').where('task', '=', 'queued').execute()).toHaveLength(1)
})

test('a job is given to one worker', async () => {
  await directly(async (direct) => {
    await direct.deleteFrom('jobs').execute()
    await direct.insertInto('jobs').values({ task: 'pack' }).execute()
  })
  expect(await shop.claimJob(db)).toBe('pack')
  expect(await shop.claimJob(db)).toBeUndefined()
})

test('clients can subscribe to orders', async () => {
  const stop = await shop.onOrder({ pooled: servers.pooled('shop'), direct: servers.direct('shop') }, () => undefined)
  await stop()
})

test('a job stays if no worker takes it', async () => {
  await shop.addJob(db, 'later')
  expect(await db.selectFrom('jobs').select('taken').where('task', '=', 'later').execute()).toEqual([{ taken: false }])
})

/** With `REPAIR=direct`, connections that need a session move to a direct one. */
function directOf(database: DatabaseName): string | undefined {
  return process.env.REPAIR === 'direct' ? servers.direct(database) : undefined
}

/** Test data is written over a direct connection, without the code under test. */
async function add(tenant: number, items: readonly string[]): Promise<void> {
  await directly((direct) =>
    asTenant(direct, tenant, async (trx) => {
      await trx
        .insertInto('orders')
        .values(items.map((item) => ({ tenant, item })))
        .execute()
    }),
  )
}

async function directly(work: (direct: Database) => Promise<void>): Promise<void> {
  const direct = openDirect(servers.direct('shop'))
  await work(direct).finally(() => direct.destroy())
}
