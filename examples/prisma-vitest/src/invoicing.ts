import type { Database } from './database.ts'

/** A tenant's total. */
export interface Total {
  readonly tenant: number
  readonly cents: number
}

/** The parts that the tests use, in both versions. */
export interface Invoicing {
  /** The statements that create the tables: run with the direct URL, as `prisma migrate` does. */
  readonly statements: readonly string[]
  addInvoice(db: Database, tenant: number, cents: number): Promise<number>
  invoicesOf(db: Database, tenant: number): Promise<number[]>
  pay(db: Database, tenant: number, invoice: number, user: string): Promise<void>
  totals(db: Database, tenants: readonly number[]): Promise<Total[]>
  /** Sends each reminder once, even if several workers run at a time. */
  sendReminders(db: Database, send: (text: string) => void): Promise<number>
}
