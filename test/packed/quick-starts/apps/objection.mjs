import knex from 'knex'
import { Model } from 'objection'

const db = knex({ client: 'pg', connection: process.env.DATABASE_URL })
Model.knex(db)
class User extends Model {
  static tableName = 'users'
}
await db.schema.createTable('users', (table) => {
  table.increments('id')
  table.string('name')
})
await db.raw("SET statement_timeout = '5s'")
await User.query().insert({ name: 'Ursula' })
console.log((await User.query()).length, 'users')
await db.destroy()
