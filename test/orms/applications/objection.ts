import { guardClient } from '@poolsafe/pg'
import knex from 'knex'
import { Model, type RelationMappings } from 'objection'
import type pg from 'pg'
import { guard, planted, run, url } from './application.ts'

const db = knex({
  client: 'pg',
  connection: url,
  pool: {
    min: 0,
    max: 3,
    ...(guard !== undefined && {
      afterCreate(client: pg.Client, done: (error: Error | null, client: pg.Client) => void) {
        done(null, guardClient(client, guard))
      },
    }),
  },
})
Model.knex(db)
const logged: string[] = []
db.on('query', ({ sql }: { sql: string }) => logged.push(sql))

class Book extends Model {
  static override tableName = 'books'
}

class Author extends Model {
  static override tableName = 'authors'
  static override relationMappings: RelationMappings = {
    books: { relation: Model.HasManyRelation, modelClass: Book, join: { from: 'authors.id', to: 'books.author_id' } },
  }
}

await run(async () => {
  await db.schema.createTable('authors', (table) => table.increments('id').primary() && table.string('name'))
  await db.schema.createTable('books', (table) => {
    table.increments('id').primary()
    table.string('title')
    table.integer('author_id').references('authors.id')
  })
  const inserted = await Author.query().insertGraph({
    name: 'Ursula',
    books: [{ title: 'The Dispossessed' }],
  } as object)
  const found = await Author.query().withGraphFetched('books')
  await Author.transaction(async (transaction) => Book.query(transaction).insert({ title: 'Tehanu' } as object))
  await Book.knex().raw(planted)
  const { rows } = await db.raw<{ rows: unknown }>('SELECT count(*)::int AS n FROM books')
  await db.destroy()
  return { inserted, found, rows, logged }
})
