import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import type { Guard } from '@poolsafe/core'
import { CamelCasePlugin, Kysely, PostgresDialect, type Generated } from 'kysely'
import pg from 'pg'
import { poolSize, waits } from './limits.ts'
import { charge } from './payment-provider.ts'
import type { Order, OrderLine, Shop } from './shop.ts'

interface Tables {
  customers: { id: Generated<number>; name: string }
  orders: { id: Generated<number>; customerId: number; paid: Generated<boolean> }
  orderLines: { id: Generated<number>; orderId: number; item: string; cents: number }
  revenue: { customerId: number; name: string; cents: number }
}

export function openKysely(connectionString: string, guard: Guard): Kysely<Tables> {
  const pool = guardPool(new pg.Pool({ connectionString, max: poolSize }), guard, { ...waits, poolName: 'kysely' })
  return new Kysely({ dialect: guardDialect(new PostgresDialect({ pool }), guard), plugins: [new CamelCasePlugin()] })
}

export function createKyselyShop(db: Kysely<Tables>): Shop {
  return {
    customers: () => db.selectFrom('customers').selectAll().execute(),

    async order(id) {
      const order = await db.selectFrom('orders').selectAll().where('id', '=', id).executeTakeFirst()
      if (order === undefined) return undefined
      return {
        ...order,
        lines: await db.selectFrom('orderLines').select(['item', 'cents']).where('orderId', '=', id).execute(),
      }
    },

    placeOrder: (customerId, lines) =>
      db.transaction().execute((transaction) => insertOrder(transaction, customerId, lines)),

    async customersWithOrders() {
      const customers = await db.selectFrom('customers').selectAll().execute()
      const orders = await db.selectFrom('orders').selectAll().execute()
      const byCustomer = Map.groupBy<number, Order>(orders, ({ customerId }) => customerId)
      return customers.map(({ id, name }) => ({ id, name, orders: byCustomer.get(id) ?? [] }))
    },

    async customersWithOrdersOneByOne() {
      const found = []
      for (const customer of await db.selectFrom('customers').selectAll().execute()) {
        const orders = await db.selectFrom('orders').selectAll().where('customerId', '=', customer.id).execute()
        found.push({ ...customer, orders })
      }
      return found
    },

    async revenue() {
      return await db.selectFrom('revenue').selectAll().orderBy('cents', 'desc').execute()
    },

    async pay(orderId) {
      await charge(orderId)
      await db.updateTable('orders').set({ paid: true }).where('id', '=', orderId).execute()
    },

    payInsideTransaction: (orderId) =>
      db.transaction().execute(async (transaction) => {
        const order = await transaction
          .selectFrom('orders')
          .selectAll()
          .where('id', '=', orderId)
          .executeTakeFirstOrThrow()
        await charge(order.id)
        await transaction.updateTable('orders').set({ paid: true }).where('id', '=', orderId).execute()
      }),
  }
}

async function insertOrder(
  db: Kysely<Tables>,
  customerId: number,
  lines: readonly OrderLine[],
): Promise<{ readonly id: number }> {
  const order = await db.insertInto('orders').values({ customerId }).returning('id').executeTakeFirstOrThrow()
  if (lines.length > 0) {
    const values = lines.map(({ item, cents }) => ({ orderId: order.id, item, cents }))
    await db.insertInto('orderLines').values(values).execute()
  }
  return order
}
