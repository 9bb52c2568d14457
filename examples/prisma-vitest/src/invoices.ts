import type { Database, Trx } from './database.ts'
import type { Total } from './invoicing.ts'

/** All statements of one tenant run in one transaction. Only this transaction knows the tenant. */
export function asTenant<Result>(db: Database, tenant: number, work: (trx: Trx) => Promise<Result>): Promise<Result> {
  return db.$transaction(async (trx) => {
    await trx.$executeRaw`SELECT set_config('app.tenant', ${String(tenant)}, true)`
    return work(trx)
  })
}

export async function addInvoice(db: Database, tenant: number, cents: number): Promise<number> {
  const { id } = await asTenant(db, tenant, (trx) => trx.invoice.create({ data: { tenant, cents } }))
  return id
}

export async function invoicesOf(db: Database, tenant: number): Promise<number[]> {
  const found = await asTenant(db, tenant, (trx) => trx.invoice.findMany({ orderBy: { id: 'asc' } }))
  return found.map(({ cents }) => cents)
}

export async function pay(db: Database, tenant: number, invoice: number, user: string): Promise<void> {
  await asTenant(db, tenant, async (trx) => {
    await trx.$executeRaw`SELECT set_config('app.user', ${user}, true)`
    await trx.invoice.update({ where: { id: invoice }, data: { paid: true } })
  })
}

export async function totals(db: Database, tenants: readonly number[]): Promise<Total[]> {
  const all: Total[] = []
  for (const tenant of tenants) {
    const { _sum: sum } = await asTenant(db, tenant, (trx) => trx.invoice.aggregate({ _sum: { cents: true } }))
    all.push({ tenant, cents: sum.cents ?? 0 })
  }
  return all
}
