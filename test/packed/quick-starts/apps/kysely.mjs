import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const db = new Kysely({ dialect: new PostgresDialect({ pool }) })
await db.schema.createTable('users').addColumn('id', 'serial').addColumn('name', 'text').execute()
await sql`SET statement_timeout = '5s'`.execute(db)
await db.insertInto('users').values({ name: 'Ursula' }).execute()
console.log((await db.selectFrom('users').selectAll().execute()).length, 'users')
await db.destroy()
