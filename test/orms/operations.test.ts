import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'
import { pathOf, register, runApplication } from './run-application.ts'

// The names of calls in the events of statements. Raw statements have none, also between and after named calls.

let target: SharedPostgres
beforeAll(async () => {
  target = await sharedPostgres()
})
afterAll(() => target.stop())

const none = ['none', 'none', 'none', 'none']

const expected = {
  typeorm: {
    failed: 'EntityNotFoundError',
    insertAuthor: ['Author.save'],
    insertBook: ['Book.insert'],
    insertShelf: ['Shelf.save'],
    author: ['Author.find', 'Author.findOneOrFail'],
    book: ['Book.getMany'],
    shelf: ['Shelf.countBy'],
    update: ['Book.update'],
    raw: none,
    plain: ['none'],
  },
  sequelize: {
    failed: 'SequelizeEmptyResultError',
    insertAuthor: ['Author.create'],
    insertBook: ['Author.create'],
    author: ['Author.findAll', 'Author.findOne'],
    book: ['Book.count'],
    update: ['Book.update'],
    raw: none,
  },
}

describe.each(['typeorm', 'sequelize'] as const)('the operation of a statement of %s', (orm) => {
  it.each([
    ['the register', register, {}],
    ['nameOperations()', [], { WIRED: 'hand' }],
  ])('is the call of its model, with %s', async (_, args, env) => {
    const { results } = await runApplication(pathOf(`${orm}-operations`), target, args, env)
    expect(results).toEqual(expected[orm])
  })
})
