import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { guardPool } from '@poolsafe/pg'
import { requestScope } from '@poolsafe/http/express'
import '@poolsafe/testing/matchers'
import express from 'express'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { watchRepeated } from '../../../support/repeated-watch.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

const { guard, repeated } = watchRepeated()
let server: SharedPostgres
let pool: pg.Pool
let page: string
beforeAll(async () => {
  page = await readFile(join(import.meta.dirname, '../../../../docs/repeated-queries.md'), 'utf8')
  server = await sharedPostgres()
  pool = guardPool(new pg.Pool({ connectionString: server.url }), guard)
  await pool.query('CREATE TABLE customers (id int, name text)')
  await pool.query('CREATE TABLE orders (id int, customer_id int)')
  await pool.query("INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 50) n")
  await pool.query('INSERT INTO orders SELECT n, n FROM generate_series(1, 50) n')
})
afterAll(async () => {
  await pool.end()
  await server.stop()
})

async function listOrders(): Promise<unknown[]> {
  const { rows: orders } = await pool.query('SELECT * FROM orders')
  for (const order of orders) {
    const { rows } = await pool.query('SELECT name FROM customers WHERE id = $1', [order.customer_id])
    order.customer = rows[0].name
  }
  return orders
}

/** Without what differs in each run: how long it took, and the file. */
function steady(text: string): string {
  return text.replaceAll(/[\d.]+ ms/g, 'some ms').replaceAll(/\(\S+\.ts:\d+:\d+\)/g, '(file)')
}

it('the page shows what the application of its example logs', async () => {
  const app = express()
  app.use(requestScope())
  app.get('/orders', (_request, response, next) => {
    listOrders().then((orders) => response.json(orders), next)
  })
  const http = createServer(app)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  await fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}/orders`)
  while (repeated.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => http.close(resolve).closeAllConnections())
  expect(steady(page)).toContain(steady(`[poolsafe] ${repeated[0]?.message}`))
})

it('the page shows what the matcher says', async () => {
  const error = await expect(listOrders)
    .toRepeatNoQuery()
    .catch((caught: unknown) => caught)
  expect(steady(page)).toContain(steady((error as Error).message))
})
