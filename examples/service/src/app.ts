import { findPoolsafeError, NoConnectionError, type Guard } from '@poolsafe/core'
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { observe } from './observe.ts'
import { addShopRoutes } from './routes.ts'
import type { Shop } from './shop.ts'

export interface AppParts {
  readonly guard: Guard
  readonly logger: FastifyBaseLogger
  /** By the prefix of their routes: `/prisma`. */
  readonly shops: Readonly<Record<string, Shop>>
}

export async function createApp({ guard, logger, shops }: AppParts): Promise<FastifyInstance> {
  const app = fastify({ loggerInstance: logger, logController: new LogController({ disableRequestLogging: true }) })
  app.setErrorHandler(answerError)
  await observe(app, guard)
  for (const [prefix, shop] of Object.entries(shops)) addShopRoutes(app, prefix, shop)
  return app
}

/** A pool without a free connection is not the request's fault, so the client may try again. */
function answerError(error: FastifyError, { log }: FastifyRequest, reply: FastifyReply): void {
  const noConnection = findPoolsafeError(error)
  if (noConnection instanceof NoConnectionError) {
    log.error(noConnection.message)
    void reply.code(503).send({ error: 'The shop is busy. Try again in a moment.' })
    return
  }
  log.error(error)
  void reply.code(error.statusCode ?? 500).send({ error: 'Something went wrong.' })
}
