import 'reflect-metadata'
import { DataSource, EntitySchema } from 'typeorm'

const User = new EntitySchema({
  name: 'User',
  columns: { id: { type: Number, primary: true, generated: true }, name: { type: String } },
})
const dataSource = new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL,
  entities: [User],
  synchronize: true,
})
await dataSource.initialize()
await dataSource.query("SET statement_timeout = '5s'")
const users = dataSource.getRepository(User)
await users.save({ name: 'Ursula' })
console.log((await users.find()).length, 'users')
await dataSource.destroy()
