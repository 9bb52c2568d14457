import 'reflect-metadata'
import { guardPool, nameOperations } from '@poolsafe/pg'
import pg from 'pg'
import * as typeorm from 'typeorm'
import { guard, planted, run, url } from './application.ts'
import { nextTurn, watchOperations } from './operations.ts'

const { DataSource, EntitySchema } = typeorm

interface Row {
  id: number
  name: string
}

class Shelf {
  declare id: number
  declare name: string
}

const columns = { id: { type: Number, primary: true, generated: true }, name: { type: String } } as const
const Author = new EntitySchema<Row>({ name: 'Author', columns })
const Book = new EntitySchema<Row>({ name: 'Book', columns })
const ShelfEntity = new EntitySchema<Shelf>({ name: 'Shelf', target: Shelf, columns })

class GuardedPool extends pg.Pool {
  constructor(config?: pg.PoolConfig) {
    super(config)
    guardPool(this, guard)
  }
}
if (guard !== undefined) nameOperations(typeorm)

/** Statements that a subscriber starts belong to the call for as long as the call runs. */
let late: Promise<unknown> = Promise.resolve()
class Subscriber implements typeorm.EntitySubscriberInterface {
  afterInsert(): void {
    late = nextTurn()
      .then(() => saved)
      .then(() => dataSource.query('SELECT 4 AS late'))
  }
}
typeorm.EventSubscriber()(Subscriber)

const dataSource = new DataSource({
  type: 'postgres',
  url,
  entities: [Author, Book, ShelfEntity],
  subscribers: [Subscriber],
  poolSize: 2,
  synchronize: true,
  ...(guard !== undefined && { driver: { ...pg, Pool: GuardedPool } }),
})
let saved: Promise<unknown> = Promise.resolve()

await run(async () => {
  await dataSource.initialize()
  const [authors, books, shelves] = [Author, Book, ShelfEntity].map((each) => dataSource.getRepository<Row>(each))
  const sent = watchOperations()
  saved = authors!.save({ name: 'Ursula' })
  await saved
  await late
  await books!.insert({ name: 'Lavinia' })
  await dataSource.manager.save(Object.assign(new Shelf(), { name: 'first' }))
  // More calls at once than there are connections.
  const calls = Array.from({ length: 20 }, (_, at) =>
    at % 2 === 0
      ? authors!.find({ where: { id: at } })
      : books!.createQueryBuilder('b').where('b.id = :at', { at }).getMany(),
  )
  await Promise.all([...calls, dataSource.query('SELECT 1 AS raw'), shelves!.countBy({ id: 1 })])
  await dataSource.transaction(async (manager) => {
    await manager.update(Book, { id: 1 }, { name: 'Tehanu' })
    await manager.query('SELECT 2 AS inside')
  })
  const failed = await authors!.findOneOrFail({ where: { id: -1 } }).catch((error: Error) => error.name)
  await dataSource.query('SELECT 3 AS afterwards')
  await dataSource.createQueryBuilder().select('1', 'plain').from('pg_class', 'c').limit(1).getRawOne()
  await authors!.query(planted)
  await dataSource.destroy()
  return {
    failed,
    insertAuthor: sent.of('INSERT INTO "author"'),
    insertBook: sent.of('INSERT INTO "book"'),
    insertShelf: sent.of('INSERT INTO "shelf"'),
    author: sent.of('FROM "author"'),
    book: sent.of('FROM "book" "b"'),
    shelf: sent.of('FROM "shelf"'),
    update: sent.of('UPDATE "book"'),
    raw: [...sent.of('AS raw'), ...sent.of('AS inside'), ...sent.of('AS afterwards'), ...sent.of('AS late')],
    plain: sent.of('pg_class'),
  }
})
