import { guardClient } from '@poolsafe/pg'
import pg from 'pg'
import { DataTypes, QueryTypes, Sequelize, type Model, type ModelStatic } from 'sequelize'
import { guard, isTame, planted, run, url } from './application.ts'

/** By hand: Sequelize creates its clients from the class of the module that `dialectModule` names. */
class GuardedClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config)
    guardClient(this, guard)
  }
}

const logged: string[] = []
const sequelize = new Sequelize(url, {
  logging: (text) => void logged.push(text.replace(/^Executing \([^)]*\)/, 'Executing')),
  pool: { max: 3 },
  ...(guard !== undefined && { dialectModule: { ...pg, Client: GuardedClient } }),
  // The statements that Sequelize sends on each new connection, and the options that stop them.
  ...(isTame && { keepDefaultTimezone: true, dialectOptions: { clientMinMessages: 'ignore' } }),
})

const Author: ModelStatic<Model> = sequelize.define('author', { name: DataTypes.STRING }, { timestamps: false })
const Book: ModelStatic<Model> = sequelize.define('book', { title: DataTypes.STRING }, { timestamps: false })
Author.hasMany(Book, { as: 'books' })
Book.belongsTo(Author)

await run(async () => {
  const tables = sequelize.getQueryInterface()
  await tables.createTable('authors', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    name: DataTypes.STRING,
  })
  await tables.createTable('books', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    title: DataTypes.STRING,
    authorId: { type: DataTypes.INTEGER, references: { model: 'authors', key: 'id' } },
  })
  await Author.create(
    { name: 'Ursula', books: [{ title: 'The Dispossessed' }] },
    { include: [{ association: 'books' }] },
  )
  const found = await Author.findAll({ include: [{ association: 'books' }] })
  await sequelize.transaction((transaction) => Book.create({ title: 'Tehanu' }, { transaction }))
  const failed = await sequelize
    .transaction(async (transaction) => {
      await Book.create({ title: 'never' }, { transaction })
      throw new Error('rolled back')
    })
    .catch((error: Error) => error.message)
  await sequelize.query(planted)
  const raw = await sequelize.query('SELECT count(*)::int AS n FROM books WHERE title <> $1', {
    bind: ['x'],
    type: QueryTypes.SELECT,
  })
  await sequelize.close()
  return { found: found.map((each) => each.toJSON<unknown>()), failed, raw, logged }
})
