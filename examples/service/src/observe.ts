import { healthResponse } from '@poolsafe/http'
import { requestScope } from '@poolsafe/http/fastify'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import type { Guard } from '@poolsafe/core'
import type { FastifyInstance } from 'fastify'
import { register } from 'prom-client'

/** All that an HTTP service needs to be watched: request scopes, `/health` and `/metrics`. */
export async function observe(app: FastifyInstance, guard: Guard): Promise<void> {
  // Each request is a scope of its own: what it repeats is found in it.
  await app.register(requestScope())

  // 200 or 503. Details name lines of the source: where strangers may ask, leave them out. A minute is the default for what counts as
  // recent; here the pool is healthy again five seconds after the last call that waited in vain.
  app.get('/health', healthResponse(guard, { details: true, recentMillis: 5000 }))

  prometheusMetrics(guard)
  app.get('/metrics', async (_request, reply) => reply.type(register.contentType).send(await register.metrics()))
}
