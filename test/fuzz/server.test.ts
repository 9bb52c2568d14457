import { startPostgres } from '@poolsafe/testing/servers'
import pg, { type Connection, type Submittable } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generate } from './generate.ts'
import { judgeByTree } from './verdict.ts'

const texts = Array.from({ length: 3000 }, (_, index) => generate(1, index))
let server: Awaited<ReturnType<typeof startPostgres>>
let client: pg.Client

beforeAll(async () => {
  server = await startPostgres({})
  client = new pg.Client({ connectionString: server.url })
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await server.stop()
})

test('the server too refuses to read what our parser refuses', async () => {
  const refused = texts.filter(isText).filter((sql) => judgeByTree(sql).outcome === 'refused')
  const taken = []
  for (const sql of refused) if (!isRefused(await parseOnly(sql))) taken.push(sql)
  expect(taken).toEqual([])
})

/** Neither NUL, which ends the text, nor halves of pairs, which UTF-8 does not have. */
function isText(sql: string): boolean {
  return !sql.includes('\0') && sql.isWellFormed()
}

/**
 * Several statements are one too many here, but no error of syntax. `22021`: an escape makes a byte that no character
 * has.
 */
function isRefused(error: pg.DatabaseError | undefined): boolean {
  const code = error?.code ?? ''
  return ['42601', '22021'].includes(code) && error?.message.startsWith('cannot insert multiple commands') === false
}

/** Lets the server parse the text and no more: nothing is executed. */
function parseOnly(text: string): Promise<pg.DatabaseError | undefined> {
  const { promise, resolve } = Promise.withResolvers<pg.DatabaseError | undefined>()
  const query: Submittable & Record<string, unknown> = {
    submit(connection: Connection) {
      connection.parse({ name: '', text, types: [] }, false)
      connection.sync()
    },
    handleError: resolve,
    handleReadyForQuery: () => resolve(undefined),
  }
  client.query(query)
  return promise
}
