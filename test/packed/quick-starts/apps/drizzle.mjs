import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'

const users = pgTable('users', { id: serial().primaryKey(), name: text() })
const db = drizzle(process.env.DATABASE_URL)
await db.execute(sql`CREATE TABLE users (id serial PRIMARY KEY, name text)`)
await db.execute(sql`SET statement_timeout = '5s'`)
await db.insert(users).values({ name: 'Ursula' })
console.log((await db.select().from(users)).length, 'users')
await db.$client.end()
