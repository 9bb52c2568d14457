import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql'

const User = defineEntity({ name: 'User', properties: { id: p.integer().primary(), name: p.string() } })
const orm = await MikroORM.init({ clientUrl: process.env.DATABASE_URL, entities: [User] })
await orm.schema.create()
const em = orm.em.fork()
em.create(User, { name: 'Ursula' })
await em.flush()
console.log(await em.count(User), 'users')
await orm.close()
