import type { Migrator } from 'kysely/migration'
import type { Database } from './database.ts'

/** The parts of the shop that the tests use, in both of its versions. */
export interface Shop {
  /** The tables that the migration creates. */
  readonly statements: readonly string[]
  /** Brings the database up to date. */
  migrate(connections: {
    readonly pooled: Database
    readonly direct: Database
  }): ReturnType<Migrator['migrateToLatest']>
  placeOrder(db: Database, tenant: number, item: string): Promise<number>
  ordersOf(db: Database, tenant: number): Promise<string[]>
  /** Counts the orders. Gives up instead of keeping the database busy for long. */
  countOrders(db: Database, tenant: number): Promise<number>
  /** Reads in pages, for an export of any size. */
  exportOrders(db: Database, tenant: number, pageSize: number): Promise<string[][]>
  /** Places the orders that the tenant does not have yet. */
  importOrders(db: Database, tenant: number, items: readonly string[]): Promise<number>
  setPrice(db: Database, user: string, item: string, cents: number): Promise<void>
  priceOf(db: Database, item: string): Promise<number | undefined>
  addJob(db: Database, task: string): Promise<void>
  claimJob(db: Database): Promise<string | undefined>
  /** Listens for new orders until it is stopped. */
  onOrder(
    urls: { readonly pooled: string; readonly direct: string },
    listener: (item: string) => void,
  ): Promise<() => Promise<void>>
}
