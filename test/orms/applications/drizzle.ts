import { guardPool } from '@poolsafe/pg'
import { eq, relations, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { join } from 'node:path'
import pg from 'pg'
import { guard, planted, run, url } from './application.ts'

const authors = pgTable('authors', { id: serial().primaryKey(), name: text() })
const books = pgTable('books', { id: serial().primaryKey(), title: text(), authorId: integer('author_id') })
const authorRelations = relations(authors, ({ many }) => ({ books: many(books) }))
const bookRelations = relations(books, ({ one }) => ({
  author: one(authors, { fields: [books.authorId], references: [authors.id] }),
}))

const pool = new pg.Pool({ connectionString: url, max: 3 })
if (guard !== undefined) guardPool(pool, guard)
const logged: string[] = []
const logger = { logQuery: (query: string) => void logged.push(query) }
const db = drizzle(pool, { schema: { authors, books, authorRelations, bookRelations }, logger })

await run(async () => {
  await migrate(db, { migrationsFolder: join(import.meta.dirname, 'drizzle-migrations') })
  await db.insert(authors).values({ name: 'Ursula' })
  await db.insert(books).values({ title: 'The Dispossessed', authorId: 1 })
  const found = await db.query.authors.findMany({ with: { books: true } })
  await db.transaction((transaction) => transaction.insert(books).values({ title: 'Tehanu', authorId: 1 }))
  const failed = await db
    .transaction(async (transaction) => {
      await transaction.insert(books).values({ title: 'never' })
      throw new Error('rolled back')
    })
    .catch((error: Error) => error.message)
  await db.execute(sql.raw(planted))
  const { rows } = await db.execute(sql`SELECT count(*)::int AS n FROM ${books} WHERE ${eq(books.authorId, 1)}`)
  await pool.end()
  return { found, failed, rows }
})
