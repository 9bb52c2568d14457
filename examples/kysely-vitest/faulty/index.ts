import { Migrator } from 'kysely/migration'
import { shop as safe } from '../src/index.ts'
import { migrationsOf, tables } from '../src/migrations.ts'
import type { Shop } from '../src/shop.ts'
import { onOrder } from './events.ts'
import { audit, queue } from './migrations.ts'
import { countOrders, ordersOf, placeOrder } from './orders.ts'
import { priceOf } from './prices.ts'
import { exportOrders, importOrders } from './transfer.ts'

const statements = [...tables, ...audit, ...queue]

/** The same shop with ten faults. All tests still pass behind a real PgBouncer. */
export const shop: Shop = {
  ...safe,
  statements,
  // Fault 8: the Migrator's lock is taken on one server connection, and released on another.
  migrate: ({ pooled }) => new Migrator({ db: pooled, provider: migrationsOf(statements) }).migrateToLatest(),
  placeOrder,
  ordersOf,
  countOrders,
  exportOrders,
  importOrders,
  priceOf,
  onOrder,
}
