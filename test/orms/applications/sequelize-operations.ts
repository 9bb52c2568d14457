import { guardClient, nameOperations } from '@poolsafe/pg'
import pg from 'pg'
import sequelizeModule, { DataTypes, Sequelize, type Model, type ModelStatic } from 'sequelize'
import { guard, planted, run, url } from './application.ts'
import { nextTurn, watchOperations } from './operations.ts'

class GuardedClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config)
    guardClient(this, guard)
  }
}
if (guard !== undefined) nameOperations(sequelizeModule)

const sequelize = new Sequelize(url, {
  logging: false,
  pool: { max: 2 },
  ...(guard !== undefined && { dialectModule: { ...pg, Client: GuardedClient } }),
})
const Author: ModelStatic<Model> = sequelize.define('Author', { name: DataTypes.STRING }, { timestamps: false })
const Book: ModelStatic<Model> = sequelize.define('Book', { name: DataTypes.STRING }, { timestamps: false })
Author.hasMany(Book, { as: 'books' })

/** Statements that a hook starts belong to the call for as long as the call runs. */
let late: Promise<unknown> = Promise.resolve()
let created: Promise<unknown> = Promise.resolve()
Author.addHook('afterCreate', () => {
  late = nextTurn()
    .then(() => created)
    .then(() => sequelize.query('SELECT 4 AS late'))
})

await run(async () => {
  await sequelize.sync()
  const sent = watchOperations()
  created = Author.create({ name: 'Ursula', books: [{ name: 'Lavinia' }] }, { include: 'books' })
  await created
  await late
  // More calls at once than there are connections.
  const calls = Array.from({ length: 20 }, (_, id) =>
    id % 2 === 0 ? Author.findAll({ where: { id } }) : Book.count({ where: { id } }),
  )
  await Promise.all([...calls, sequelize.query('SELECT 1 AS raw')])
  const book = await Book.findOne()
  await sequelize.transaction(async (transaction) => {
    await book?.update({ name: 'Tehanu' }, { transaction })
    await sequelize.query('SELECT 2 AS inside', { transaction })
  })
  const failed = await Author.findOne({ where: { id: -1 }, rejectOnEmpty: true }).catch((error: Error) => error.name)
  await sequelize.query('SELECT 3 AS afterwards')
  await sequelize.query(planted)
  await sequelize.close()
  return {
    failed,
    insertAuthor: sent.of('INSERT INTO "Authors"'),
    insertBook: sent.of('INSERT INTO "Books"'),
    author: sent.of('FROM "Authors"'),
    book: sent.of('count(*) AS "count" FROM "Books"'),
    update: sent.of('UPDATE "Books"'),
    raw: [...sent.of('AS raw'), ...sent.of('AS inside'), ...sent.of('AS afterwards'), ...sent.of('AS late')],
  }
})
