import { createShopGuard } from './guard.ts'
import { createLogger } from './logger.ts'
import { createAdminApp } from './observe.ts'
import { generatePrismaClient } from './prisma-client.ts'
import { startDatabase } from './servers.ts'

// `npm start`: PostgreSQL, PgBouncer and the service. They end together, by Ctrl+C.

process.once('SIGINT', () => process.exit(0))
process.once('SIGTERM', () => process.exit(0))

const logger = createLogger()
await generatePrismaClient()
const database = await startDatabase()
// These need the generated client.
const { createApp } = await import('./app.ts')
const { createPrismaShop, openPrisma } = await import('./prisma-shop.ts')
const { createKyselyShop, openKysely } = await import('./kysely-shop.ts')

const guard = createShopGuard(database.profile, process.env.LOG === 'console' ? console : logger)
const app = await createApp({
  guard,
  logger,
  shops: {
    '/prisma': createPrismaShop(openPrisma(database.url, guard)),
    '/kysely': createKyselyShop(openKysely(database.url, guard)),
  },
})
logger.info(database.label)
const address = await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
// In production this may be another interface, but not one that the load balancer forwards to.
const admin = await createAdminApp(guard).listen({ host: '127.0.0.1', port: Number(process.env.ADMIN_PORT ?? 9464) })
logger.info(`The shop is at ${address}; for operators, /health with details and /metrics are at ${admin}`)
