import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import type { Guard } from '@poolsafe/core'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../generated/client.ts'
import { charge } from './payment-provider.ts'
import { poolSize, waits } from './limits.ts'
import type { Shop } from './shop.ts'

export function openPrisma(connectionString: string, guard: Guard): PrismaClient {
  const adapter = guardAdapter(new PrismaPg({ connectionString, max: poolSize }), guard, {
    ...waits,
    poolName: 'prisma',
  })
  // An extended client has another type, although it only lacks `$on`.
  return new PrismaClient({ adapter, transactionOptions }).$extends(poolsafe(guard)) as unknown as PrismaClient
}

/**
 * Prisma gives up a transaction after two seconds without a connection, and does not say why. The pool's
 * limit comes first, and says why.
 */
const transactionOptions = { maxWait: 2 * waits.acquireTimeoutMillis, timeout: 10_000 }

export function createPrismaShop(prisma: PrismaClient): Shop {
  return {
    customers: () => prisma.customer.findMany(),

    order: async (id) => (await prisma.order.findUnique({ where: { id }, include: { lines: true } })) ?? undefined,

    placeOrder: (customerId, lines) =>
      prisma.order.create({ data: { customerId, lines: { create: [...lines] } }, select: { id: true } }),

    customersWithOrders: () => prisma.customer.findMany({ include: { orders: true } }),

    async customersWithOrdersOneByOne() {
      const found = []
      for (const customer of await prisma.customer.findMany()) {
        const orders = await prisma.order.findMany({ where: { customerId: customer.id } })
        found.push({ ...customer, orders })
      }
      return found
    },

    async revenue() {
      return await prisma.revenue.findMany({ orderBy: { cents: 'desc' } })
    },

    async pay(orderId) {
      await charge(orderId)
      await prisma.order.update({ where: { id: orderId }, data: { paid: true } })
    },

    payInsideTransaction: (orderId) =>
      prisma.$transaction(async (transaction) => {
        const order = await transaction.order.findUniqueOrThrow({ where: { id: orderId } })
        await charge(order.id)
        await transaction.order.update({ where: { id: orderId }, data: { paid: true } })
      }),
  }
}
