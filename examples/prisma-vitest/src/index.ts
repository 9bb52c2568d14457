import { addInvoice, invoicesOf, pay, totals } from './invoices.ts'
import type { Invoicing } from './invoicing.ts'
import { sendReminders } from './reminders.ts'
import { audit, tables } from './statements.ts'

/** Invoicing in its form that is safe behind a transaction pooler. */
export const invoicing: Invoicing = {
  statements: [...tables, ...audit],
  addInvoice,
  invoicesOf,
  pay,
  totals,
  sendReminders,
}
