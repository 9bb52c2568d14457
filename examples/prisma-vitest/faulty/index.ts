import type { Database } from '../src/database.ts'
import { invoicing as safe } from '../src/index.ts'
import type { Invoicing, Total } from '../src/invoicing.ts'
import { sendIn } from '../src/reminders.ts'
import { tables } from '../src/statements.ts'

/** Fault 1: the trigger leaves the invoice on the server connection. No statement of the application shows it. */
const audit = [
  `CREATE FUNCTION note_payment() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM set_config('app.last_paid', NEW.id::text, false);
      INSERT INTO payments VALUES (NEW.id, current_setting('app.user', true));
      RETURN NEW;
    END $$`,
  'CREATE TRIGGER note AFTER UPDATE OF paid ON invoices FOR EACH ROW EXECUTE FUNCTION note_payment()',
]

/** Fault 2: the tenant stays on a server connection, and the query may run on another. */
async function invoicesOf(db: Database, tenant: number): Promise<number[]> {
  await db.$executeRaw`SELECT set_config('app.tenant', ${String(tenant)}, false)`
  const found = await db.invoice.findMany({ orderBy: { id: 'asc' } })
  return found.map(({ cents }) => cents)
}

/** Fault 3: the table outlives its transaction, and the next report on that server connection fails. */
async function totals(db: Database, tenants: readonly number[]): Promise<Total[]> {
  return db.$transaction(async (trx) => {
    await trx.$executeRaw`CREATE TEMP TABLE sums (tenant int, cents int)`
    for (const tenant of tenants) {
      await trx.$executeRaw`SELECT set_config('app.tenant', ${String(tenant)}, true)`
      await trx.$executeRaw`INSERT INTO sums SELECT ${tenant}::int, coalesce(sum(cents), 0) FROM invoices`
    }
    return trx.$queryRaw<Total[]>`SELECT tenant, cents FROM sums ORDER BY tenant`
  })
}

/** Fault 4: the lock is taken on one server connection, and released on another. */
async function sendReminders(db: Database, send: (text: string) => void): Promise<number> {
  await db.$executeRaw`SELECT pg_advisory_lock(4711)`
  try {
    return await db.$transaction((trx) => sendIn(trx, send))
  } finally {
    await db.$executeRaw`SELECT pg_advisory_unlock(4711)`
  }
}

/** The same with four faults. All tests still pass behind a real PgBouncer. */
export const invoicing: Invoicing = { ...safe, statements: [...tables, ...audit], invoicesOf, totals, sendReminders }
