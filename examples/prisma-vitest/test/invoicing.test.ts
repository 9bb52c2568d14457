import { afterAll, beforeAll, expect, test } from 'vitest'
import { invoicing } from '#invoicing'
import { openDatabase, type Database } from '../src/database.ts'
import { startServers, type Servers } from './servers.ts'

let servers: Servers
let db: Database

beforeAll(async () => {
  servers = await startServers(invoicing.statements)
  db = openDatabase(servers.pooledUrl)
})

afterAll(async () => {
  await db.$disconnect()
  await servers.stop()
})

test('an invoice is added', async () => {
  expect(await invoicing.addInvoice(db, 1, 100)).toBeGreaterThan(0)
})

test('a tenant sees its own invoices alone', async () => {
  await servers.run('INSERT INTO invoices (tenant, cents) VALUES (2, 200), (3, 300)')
  expect(await invoicing.invoicesOf(db, 2)).toEqual([200])
})

test('a payment is written down with who made it', async () => {
  const invoice = await invoicing.addInvoice(db, 4, 400)
  await invoicing.pay(db, 4, invoice, 'ann')
  expect(await db.payment.findMany({ where: { invoice } })).toEqual([{ invoice, by: 'ann' }])
})

test('invoices are added up by tenant', async () => {
  await servers.run('INSERT INTO invoices (tenant, cents) VALUES (5, 500), (5, 50), (6, 6)')
  expect(await invoicing.totals(db, [5, 6])).toEqual([
    { tenant: 5, cents: 550 },
    { tenant: 6, cents: 6 },
  ])
})

test('a reminder is sent once', async () => {
  await servers.run("INSERT INTO reminders (text) VALUES ('pay')")
  const sent: string[] = []
  const send = (text: string): void => void sent.push(text)
  expect(await invoicing.sendReminders(db, send)).toBe(1)
  expect(await invoicing.sendReminders(db, send)).toBe(0)
  expect(sent).toEqual(['pay'])
})
