import { startHostilePooler } from '@poolsafe/testing/hostile'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

const password = 'p:ss "wörd" \\ 1'
const methods = ['md5', 'password', 'trust', 'scram-sha-256']
let server: PostgresServer

/** A user for each method, whom `pg_hba.conf` lets in by that method alone. */
beforeAll(async () => {
  server = await startPostgres()
  const admin = new pg.Client(server.url)
  await admin.connect()
  const { rows } = await admin.query<{ file: string }>("SELECT current_setting('hba_file') AS file")
  const lines = [
    ...methods.map((method) => `host all "by ${method}" 127.0.0.1/32 ${method}`),
    'host all all 127.0.0.1/32 scram-sha-256',
  ]
  for (const method of methods) {
    await admin.query(`SET password_encryption = '${method === 'md5' ? 'md5' : 'scram-sha-256'}'`)
    await admin.query(`CREATE ROLE "by ${method}" LOGIN PASSWORD ${pg.escapeLiteral(password)}`)
  }
  await admin.query(
    `COPY (SELECT unnest(ARRAY[${lines.map((line) => pg.escapeLiteral(line)).join()}])) TO ${pg.escapeLiteral(rows[0]?.file ?? '')}`,
  )
  await admin.query('SELECT pg_reload_conf()')
  await admin.end()
})
afterAll(() => server.stop())

/** The session user behind a pooler that knows these passwords, for a client that sends none. */
async function whoAmI(user: string, passwords: Readonly<Record<string, string>>): Promise<unknown> {
  const pooler = await startHostilePooler({ target: server, passwords })
  const client = new pg.Client(pooler.urlFor(user))
  try {
    await client.connect()
    return (await client.query<{ me: string }>('SELECT session_user::text AS me')).rows[0]?.me
  } finally {
    await client.end()
    await pooler.stop()
  }
}

test.each(methods)('the pooler logs in by %s', async (method) => {
  // The server reads its file when it gets round to it.
  await expect
    .poll(() => whoAmI(`by ${method}`, { [`by ${method}`]: password }).catch(String), { timeout: 60_000 })
    .toBe(`by ${method}`)
})

test.each(['md5', 'password', 'scram-sha-256'])(
  'PostgreSQL’s own words reach a client whose password it refuses by %s',
  async (method) => {
    const refused = whoAmI(`by ${method}`, { [`by ${method}`]: 'wrong' })
    await expect(refused).rejects.toMatchObject({
      code: '28P01',
      message: `password authentication failed for user "by ${method}"`,
    })
  },
)

test('whom PostgreSQL trusts is asked for nothing', async () => {
  expect(await whoAmI('by trust', {})).toBe('by trust')
})
