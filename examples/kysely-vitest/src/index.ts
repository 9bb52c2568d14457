import { Migrator } from 'kysely/migration'
import { onOrder } from './events.ts'
import { addJob, claimJob } from './jobs.ts'
import { audit, migrationsOf, queue, tables } from './migrations.ts'
import { countOrders, ordersOf, placeOrder } from './orders.ts'
import { priceOf, setPrice } from './prices.ts'
import type { Shop } from './shop.ts'
import { exportOrders, importOrders } from './transfer.ts'

const statements = [...tables, ...audit, ...queue]

/** The shop in its form that is safe behind a transaction pooler. */
export const shop: Shop = {
  statements,
  // The Migrator holds a session-level advisory lock from begin to end.
  migrate: ({ direct }) => new Migrator({ db: direct, provider: migrationsOf(statements) }).migrateToLatest(),
  placeOrder,
  ordersOf,
  countOrders,
  exportOrders,
  importOrders,
  setPrice,
  priceOf,
  addJob,
  claimJob,
  onOrder,
}
