import { planSize } from '@poolsafe/operate'
import { startPgBouncer, startPostgres } from '@poolsafe/testing/servers'
import pg from 'pg'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

/** More pairs of database and user than connections. */
const shared = planSize({ cores: 2, processes: 3, poolers: 1, pairs: 12 })
const plan = planSize({ cores: 4, processes: 12, requestsPerSecond: 300, poolers: 2, pairs: 2, ramBytes: 4 * 2 ** 30 })

function snippet(title: string, of = plan): string {
  return of.snippets.find((each) => each.title === title)?.text ?? ''
}

/** The settings of an INI file, without comments. */
function settingsIn(ini: string): Record<string, string> {
  return Object.fromEntries([...ini.matchAll(/^(\w+) = (.+)$/gm)].map(([, name = '', value = '']) => [name, value]))
}

it('PostgreSQL and PgBouncer start with the settings of a plan, and the role takes its timeouts', async () => {
  const { shared_buffers: buffers, ...settings } = settingsIn(snippet('postgresql.conf'))
  // A test has less memory than the plan.
  expect(buffers).toMatch(/^\d+kB$/)
  const server = await startPostgres({ settings: { ...settings, shared_buffers: '1MB' } })
  const pooler = await startPgBouncer({ target: server, settings: settingsIn(snippet('pgbouncer.ini')) })
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(`CREATE ROLE app; ${snippet('the role of the application')}`)
  const inForce = await client.query('SHOW max_connections')
  await client.end()
  const through = new pg.Client(pooler.url)
  await through.connect()
  const answer = await through.query('SELECT 1 AS one')
  await through.end()
  await pooler.stop()
  await server.stop()
  expect({ answer: answer.rows, inForce: inForce.rows }).toEqual({
    answer: [{ one: 1 }],
    inForce: [{ max_connections: settings['max_connections'] }],
  })
})

it('many users share the connections of a pooler, and none of them waits in vain', async () => {
  const server = await startPostgres()
  const owner = new pg.Client(server.url)
  await owner.connect()
  const users = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`user_${at}`, 'word']))
  for (const user of Object.keys(users)) await owner.query(`CREATE ROLE ${user} LOGIN PASSWORD 'word'`)
  const pooler = await startPgBouncer({ target: server, users, settings: settingsIn(snippet('pgbouncer.ini', shared)) })
  const answers = await Promise.all(
    Object.keys(users).map(async (user) => {
      const client = new pg.Client(pooler.urlFor(user, 'word'))
      await client.connect()
      const { rows } = await client.query<{ open: number }>(
        "SELECT count(*)::int AS open, pg_sleep(0.05) FROM pg_stat_activity WHERE usename LIKE 'user\\_%'",
      )
      await client.end()
      return rows[0]?.open ?? 0
    }),
  )
  await pooler.stop()
  await owner.end()
  await server.stop()
  expect(answers).toHaveLength(12)
  expect(Math.max(...answers)).toBeLessThanOrEqual(shared.poolerTotal)
})

it('Compose and Kubernetes get numbers where they expect numbers', () => {
  const [compose] = parseAllDocuments(snippet('compose.yaml'))
  const documents = parseAllDocuments(snippet('Kubernetes'))
  expect([...(compose?.errors ?? []), ...documents.flatMap(({ errors }) => errors)]).toEqual([])
  const { maxClients, poolSize } = plan
  expect(compose?.toJS()).toMatchObject({
    services: { pgbouncer: { ulimits: { nofile: maxClients + poolSize * 2 + 100 } } },
  })
  expect(documents.map((each): unknown => each.toJS())).toMatchObject([
    { spec: { replicas: 12, strategy: { rollingUpdate: { maxSurge: 3 } } } },
    { spec: { replicas: 2, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } } },
  ])
})
