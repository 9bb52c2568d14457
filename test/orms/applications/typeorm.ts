import 'reflect-metadata'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { DataSource, EntitySchema, type Logger, type MigrationInterface, type QueryRunner } from 'typeorm'
import { guard, planted, run, url } from './application.ts'

interface Author {
  id: number
  name: string
  books: Book[]
}

interface Book {
  id: number
  title: string
  author: Author
}

const AuthorEntity = new EntitySchema<Author>({
  name: 'Author',
  columns: { id: { type: Number, primary: true, generated: true }, name: { type: String } },
  relations: { books: { type: 'one-to-many', target: 'Book', inverseSide: 'author', cascade: true } },
})
const BookEntity = new EntitySchema<Book>({
  name: 'Book',
  columns: { id: { type: Number, primary: true, generated: true }, title: { type: String } },
  relations: { author: { type: 'many-to-one', target: 'Author', inverseSide: 'books', joinColumn: true } },
})

class CreateTables1 implements MigrationInterface {
  name = 'CreateTables1700000000000'
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE author (id serial PRIMARY KEY, name varchar NOT NULL)')
    await runner.query(
      'CREATE TABLE book (id serial PRIMARY KEY, title varchar NOT NULL, "authorId" int REFERENCES author)',
    )
  }
  async down(): Promise<void> {}
}

/** By hand: TypeORM creates its pool from the class of the module that `driver` names. */
class GuardedPool extends pg.Pool {
  constructor(config?: pg.PoolConfig) {
    super(config)
    guardPool(this, guard)
  }
}

const logged: string[] = []
const nothing = (): void => {}
const logger: Logger = {
  logQuery: (query) => logged.push(query),
  logQueryError: (error) => logged.push(String(error)),
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
  logMigration: (message) => logged.push(message),
  log: nothing,
}

const dataSource = new DataSource({
  type: 'postgres',
  url,
  entities: [AuthorEntity, BookEntity],
  migrations: [CreateTables1],
  poolSize: 3,
  logger,
  ...(guard !== undefined && { driver: { ...pg, Pool: GuardedPool } }),
})

await run(async () => {
  await dataSource.initialize()
  const migrations = (await dataSource.runMigrations()).length
  const authors = dataSource.getRepository(AuthorEntity)
  await authors.save({ name: 'Ursula', books: [{ title: 'The Dispossessed' }, { title: 'Lavinia' }] as Book[] })
  const [author] = await authors.find({ relations: { books: true }, order: { books: { id: 'ASC' } } })
  await dataSource.transaction(async (manager) =>
    manager.save(BookEntity, { title: 'Tehanu', author: { id: author?.id ?? 0 } }),
  )
  const failed = await dataSource
    .transaction(async (manager) => {
      await manager.save(BookEntity, { title: 'never' })
      throw new Error('rolled back')
    })
    .catch((error: Error) => error.message)
  await dataSource.query(planted)
  const raw = (await dataSource.query('SELECT count(*)::int AS n FROM book WHERE title <> $1', ['x'])) as unknown
  await dataSource.destroy()
  return { migrations, author, failed, raw, logged }
})
