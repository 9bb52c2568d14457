import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql'
import { guardPool } from '@poolsafe/pg'
import type pg from 'pg'
import { guard, planted, run, url } from './application.ts'

const Book = defineEntity({
  name: 'Book',
  properties: { id: p.integer().primary(), title: p.string(), author: () => p.manyToOne(Author).nullable() },
})
const Author = defineEntity({
  name: 'Author',
  properties: { id: p.integer().primary(), name: p.string(), books: () => p.oneToMany(Book).mappedBy('author') },
})

const orm = await MikroORM.init({
  clientUrl: url,
  entities: [Author, Book],
  pool: { min: 0, max: 3 },
  ...(guard !== undefined && { driverOptions: { onPoolCreated: (pool: pg.Pool) => guardPool(pool, guard) } }),
})

await run(async () => {
  await orm.schema.create()
  const em = orm.em.fork()
  em.create(Author, { name: 'Ursula', books: [{ title: 'The Dispossessed' }, { title: 'Lavinia' }] })
  await em.flush()
  const found = await orm.em.fork().find(Author, {}, { populate: ['books'], orderBy: { books: { id: 'asc' } } })
  await orm.em.fork().transactional((inner) => void inner.create(Book, { title: 'Tehanu' }))
  const failed = await orm.em
    .fork()
    .transactional(async (inner) => {
      inner.create(Book, { title: 'never' })
      await inner.flush()
      throw new Error('rolled back')
    })
    .catch((error: Error) => error.message)
  await orm.em.fork().getConnection().execute(planted)
  const raw = (await orm.em.fork().getConnection().execute('SELECT count(*)::int AS n FROM book')) as unknown
  await orm.close(true)
  return { found, failed, raw }
})
