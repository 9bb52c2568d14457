import type { Database } from './database.ts'

/** A tenant's total. */
export interface Total {
  readonly tenant: number
  readonly cents: number
}

/** What the tests ask, whichever way it is built. */
export interface Invoicing {
  /** What creates the tables: run round the pooler, as `prisma migrate` is, with the direct URL. */
  readonly statements: readonly string[]
  addInvoice(db: Database, tenant: number, cents: number): Promise<number>
  invoicesOf(db: Database, tenant: number): Promise<number[]>
  pay(db: Database, tenant: number, invoice: number, user: string): Promise<void>
  totals(db: Database, tenants: readonly number[]): Promise<Total[]>
  /** Sends each reminder once, however many workers run at a time. */
  sendReminders(db: Database, send: (text: string) => void): Promise<number>
}
