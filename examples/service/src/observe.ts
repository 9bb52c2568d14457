import { healthResponse } from '@poolsafe/http'
import { requestScope } from '@poolsafe/http/fastify'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import type { Guard } from '@poolsafe/core'
import { fastify, type FastifyInstance } from 'fastify'
import { register } from 'prom-client'

/**
 * By default a minute counts as recent. Here the pool is healthy again five seconds after the last
 * acquire timeout.
 */
const recentMillis = 5000

/** For the public server: request scopes, and a `/health` that says whether, not why. */
export async function observe(app: FastifyInstance, guard: Guard): Promise<void> {
  // Each request is a scope: poolsafe finds what it repeats.
  await app.register(requestScope())

  // 200 or 503, for a load balancer. Not `get`: the HEAD route that Fastify adds to it takes no Response.
  app.all('/health', healthResponse(guard, { recentMillis }))
}

/**
 * For a port that only operators reach: `/health` with reasons, which name lines of the source, `/metrics`, and `/stats`
 * for `poolsafe size --stats`.
 */
export function createAdminApp(guard: Guard): FastifyInstance {
  const app = fastify()
  app.all('/health', healthResponse(guard, { details: true, recentMillis }))

  app.get('/stats', () => guard.stats())

  prometheusMetrics(guard)
  app.get('/metrics', async (_request, reply) => reply.type(register.contentType).send(await register.metrics()))
  return app
}
