import { planSize } from '@poolsafe/operate'
import { startPgBouncer, startPostgres } from '@poolsafe/testing/servers'
import pg from 'pg'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

const plan = planSize({ cores: 4, processes: 12, requestsPerSecond: 300, poolers: 2, pairs: 2, ramBytes: 4 * 2 ** 30 })

function snippet(title: string): string {
  return plan.snippets.find((each) => each.title === title)?.text ?? ''
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
