// The time of statements, direct and through the hostile pooler, side by side in one run: medians of many, in turns. A
// proxy that does nothing but copy bytes shows what two more hops cost in Node at all. Each proxy runs in a process of
// its own, as the pooler does for tests when Vitest's main process has started it.
//
//   node --conditions=@poolsafe/source test/integration/testing/hostile/latency.ts
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { startHostilePooler, type HostilePoolerOptions, type HostileTarget } from '@poolsafe/testing/hostile'
import { startPostgres } from '@poolsafe/testing/servers'
import Table from 'cli-table3'
import pg from 'pg'

const rounds = 40
const timesARound = 50

/** The budget: without inspection at most twice the direct latency. */
const maxRatio = 2

const ways: Readonly<Record<string, Partial<HostilePoolerOptions> | 'copy'>> = {
  'a proxy that only copies': 'copy',
  'hostile, poisoned': { inspect: false, afterTransaction: 'poison' },
  'hostile, cleaned': { inspect: false },
  'hostile, inspected, poisoned': { afterTransaction: 'poison' },
  'hostile, inspected, cleaned': {},
}

const work: Readonly<Record<string, (client: pg.Client) => Promise<unknown>>> = {
  'SELECT 1': (client) => client.query('SELECT 1'),
  'a row by its key': (client) => client.query('SELECT * FROM accounts WHERE id = $1', [77]),
  'a sum over 10,000 rows': (client) => client.query('SELECT sum(balance) FROM accounts'),
  'a transaction of four statements': async (client) => {
    await client.query('BEGIN')
    await client.query('SELECT * FROM accounts WHERE id = $1', [77])
    await client.query('UPDATE accounts SET balance = balance + 1 WHERE id = $1', [77])
    await client.query('COMMIT')
  },
}

interface Work {
  readonly way: Partial<HostilePoolerOptions> | 'copy'
  readonly target: HostileTarget
}

const [, , given] = process.argv
if (given === undefined) await main()
else await serve(JSON.parse(given) as Work)

async function serve({ way, target }: Work): Promise<void> {
  const port = way === 'copy' ? await copy(target) : (await startHostilePooler({ target, ...way })).port
  process.send?.(port)
  process.once('disconnect', () => process.exit())
}

async function copy({ host, port }: HostileTarget): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true })
    client.on('data', (bytes) => upstream.write(bytes)).on('error', () => upstream.destroy())
    upstream.on('data', (bytes) => client.write(bytes)).on('error', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

interface Contender {
  readonly name: string
  readonly client: pg.Client
  readonly samples: Readonly<Record<string, number[]>>
}

async function main(): Promise<void> {
  const server = await startPostgres()
  const { host, port, user, password, database } = server
  const target = { host, port, user, password, database }
  const children: ChildProcess[] = []
  const contenders = [await contend('direct', target)]
  await contenders[0]?.client.query(
    'CREATE TABLE accounts AS SELECT id, 0 AS balance FROM generate_series(1, 10000) AS id; ALTER TABLE accounts ADD PRIMARY KEY (id)',
  )
  for (const [name, way] of Object.entries(ways)) {
    const child = fork(import.meta.filename, [JSON.stringify({ way, target })])
    children.push(child)
    const [itsPort] = (await once(child, 'message')) as [number]
    contenders.push(await contend(name, { ...target, port: itsPort }))
  }
  for (let round = 0; round < rounds; round++) for (const contender of contenders) await measure(contender)
  for (const { client } of contenders) await client.end()
  for (const child of children) child.disconnect()
  await Promise.all(children.map((child) => once(child, 'exit')))
  await server.stop()
  report(contenders)
}

async function contend(name: string, target: HostileTarget): Promise<Contender> {
  const client = new pg.Client({ ...target })
  await client.connect()
  return { name, client, samples: Object.fromEntries(Object.keys(work).map((kind) => [kind, []])) }
}

async function measure({ client, samples }: Contender): Promise<void> {
  for (const [kind, act] of Object.entries(work)) {
    for (let time = 0; time < timesARound; time++) {
      const startedAt = performance.now()
      await act(client)
      samples[kind]?.push(performance.now() - startedAt)
    }
  }
}

function median({ samples }: Contender, kind: string): number {
  return samples[kind]?.toSorted((one, other) => one - other)[Math.floor((rounds * timesARound) / 2)] ?? Infinity
}

function report(contenders: readonly Contender[]): void {
  const [direct, , hostile] = contenders as [Contender, Contender, Contender]
  const table = new Table({ head: ['medians in ms', ...Object.keys(work)], style: { head: [], border: [] } })
  for (const contender of contenders) {
    const cells = Object.keys(work).map((kind) => {
      return `${median(contender, kind).toFixed(3)} (${(median(contender, kind) / median(direct, kind)).toFixed(2)}×)`
    })
    table.push([contender.name, ...cells])
  }
  console.log(table.toString())
  const over = Object.keys(work).filter((kind) => median(hostile, kind) > maxRatio * median(direct, kind))
  console.log(
    over.length === 0
      ? `within ${maxRatio}× without inspection`
      : `over ${maxRatio}× without inspection: ${over.join(', ')}`,
  )
}
