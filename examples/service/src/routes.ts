import type { FastifyInstance } from 'fastify'
import type { OrderLine, Shop } from './shop.ts'

interface ById {
  Params: { readonly id: number }
}

interface NewOrder {
  Body: { readonly customerId: number; readonly lines: readonly OrderLine[] }
}

const byId = { schema: { params: { type: 'object', properties: { id: { type: 'integer' } } } } }

/** The routes of the shop, for either ORM. */
export function addShopRoutes(app: FastifyInstance, prefix: string, shop: Shop): void {
  app.get(`${prefix}/customers`, () => shop.customers())
  app.get<ById>(
    `${prefix}/orders/:id`,
    byId,
    async ({ params }, reply) => (await shop.order(params.id)) ?? reply.code(404).send(),
  )
  app.post<NewOrder>(`${prefix}/orders`, ({ body }) => shop.placeOrder(body.customerId, body.lines))
  app.get(`${prefix}/customers-with-orders`, () => shop.customersWithOrders())
  app.post<ById>(`${prefix}/orders/:id/payment`, byId, ({ params }) => shop.pay(params.id))
  addFaultyRoutes(app, `${prefix}/faulty`, shop)
}

/** Adds routes with faults of real services, so that poolsafe reports them. */
function addFaultyRoutes(app: FastifyInstance, prefix: string, shop: Shop): void {
  app.get(`${prefix}/revenue`, () => shop.revenue())
  app.get(`${prefix}/customers-with-orders`, () => shop.customersWithOrdersOneByOne())
  app.post<ById>(`${prefix}/orders/:id/payment`, byId, ({ params }) => shop.payInsideTransaction(params.id))
}
