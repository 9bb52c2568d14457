// Guards a dialect of Kysely and an adapter of Prisma itself. Their pools belong to these guards.
import { createGuard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardAdapter } from '@poolsafe/prisma'
import { registeredGuard } from '@poolsafe/register'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'

const connectionString = process.env.DATABASE_URL
const counts = { registered: 0, kysely: 0, prisma: 0 }
const own = (name) => {
  const guard = createGuard({ logger: { warn() {} } })
  guard.on('finding', () => (counts[name] += 1))
  return guard
}
registeredGuard()?.on('finding', () => (counts.registered += 1))

const db = new Kysely({
  dialect: guardDialect(new PostgresDialect({ pool: new Pool({ connectionString }) }), own('kysely')),
})
await sql`SET app.kysely = 1`.execute(db)
await db.destroy()

const adapter = await guardAdapter(new PrismaPg({ connectionString }), own('prisma')).connect()
await adapter.executeRaw({ sql: 'SET app.prisma = 1', args: [], argTypes: [] })
await adapter.dispose()
console.log(JSON.stringify(counts))
