import knex from 'knex'

const db = knex({ client: 'pg', connection: process.env.DATABASE_URL })
await db.raw("SET statement_timeout = '5s'")
await db.schema.createTable('users', (table) => {
  table.increments('id')
  table.string('name')
})
await db('users').insert({ name: 'Ursula' })
console.log((await db('users').select()).length, 'users')
await db.destroy()
