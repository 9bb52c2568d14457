import { guardClient } from '@poolsafe/pg'
import knex from 'knex'
import type pg from 'pg'
import { guard, isTame, planted, run, url } from './application.ts'

const db = knex({
  client: 'pg',
  connection: url,
  // Knex sends it on each new connection. An application that needs a schema names it: `withSchema('shop')`.
  ...(!isTame && { searchPath: ['public'] }),
  pool: {
    min: 0,
    max: 3,
    // By hand: it runs after Knex has sent its own statements.
    ...(guard !== undefined && {
      afterCreate(client: pg.Client, done: (error: Error | null, client: pg.Client) => void) {
        done(null, guardClient(client, guard))
      },
    }),
  },
})

const logged: unknown[] = []
db.on('query', ({ sql }: { sql: string }) => logged.push(['query', sql]))
db.on('query-response', (_, { sql }: { sql: string }) => logged.push(['query-response', sql]))

const createTables: knex.Knex.Migration = {
  async up(schema) {
    await schema.schema.createTable('authors', (table) => table.increments('id').primary() && table.string('name'))
    await schema.schema.createTable('books', (table) => {
      table.increments('id').primary()
      table.string('title')
      table.integer('author_id').references('authors.id')
    })
  },
  async down() {},
}

await run(async () => {
  const [, migrations] = (await db.migrate.latest({
    migrationSource: {
      getMigrations: async () => ['create-tables'],
      getMigrationName: (name: string) => name,
      getMigration: async () => createTables,
    },
  })) as [number, string[]]
  const [author] = await db('authors').insert({ name: 'Ursula' }).returning('*')
  await db('books').insert({ title: 'The Dispossessed', author_id: 1 })
  const found = await db('authors').join('books', 'books.author_id', 'authors.id').select('name', 'title')
  await db.transaction(async (transaction) => transaction('books').insert({ title: 'Tehanu', author_id: 1 }))
  const failed = await db
    .transaction(async (transaction) => {
      await transaction('books').insert({ title: 'never' })
      throw new Error('rolled back')
    })
    .catch((error: Error) => error.message)
  await db.raw(planted)
  const { rows } = await db.raw<{ rows: unknown }>('SELECT count(*)::int AS n FROM books WHERE title <> ?', ['x'])
  await db.destroy()
  return { migrations, author: author as unknown, found: found as unknown, failed, rows, logged }
})
