import type { Migrator } from 'kysely/migration'
import type { Database } from './database.ts'

/** What the shop's tests ask of it, whichever way it is built. */
export interface Shop {
  /** What a migration creates. */
  readonly statements: readonly string[]
  /** Brings the database up to date. */
  migrate(connections: {
    readonly pooled: Database
    readonly direct: Database
  }): ReturnType<Migrator['migrateToLatest']>
  placeOrder(db: Database, tenant: number, item: string): Promise<number>
  ordersOf(db: Database, tenant: number): Promise<string[]>
  /** Counts, and gives up rather than hold the database for long. */
  countOrders(db: Database, tenant: number): Promise<number>
  /** In pages, for an export of any size. */
  exportOrders(db: Database, tenant: number, pageSize: number): Promise<string[][]>
  /** Places those that the tenant does not have yet. */
  importOrders(db: Database, tenant: number, items: readonly string[]): Promise<number>
  setPrice(db: Database, user: string, item: string, cents: number): Promise<void>
  priceOf(db: Database, item: string): Promise<number | undefined>
  addJob(db: Database, task: string): Promise<void>
  claimJob(db: Database): Promise<string | undefined>
  /** Hears of new orders until it is told to stop. */
  onOrder(
    urls: { readonly pooled: string; readonly direct: string },
    listener: (item: string) => void,
  ): Promise<() => Promise<void>>
}
