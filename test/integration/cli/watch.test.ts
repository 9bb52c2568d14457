import type { PostgresServer } from '@poolsafe/testing/servers'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startTestPostgres } from '../../support/servers/postgres-versions.ts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runCli, type Printed } from '../../support/cli/fake-terminal.ts'
import { errorsByOwnSchema, schemaErrors } from '../../support/cli/schema-errors.ts'
import { openStage, type Stage, until } from '../operate/watch/stage.ts'
import { bin, userEnvironment } from './run-poolsafe.ts'

let server: PostgresServer
let stage: Stage
beforeAll(async () => {
  server = await startTestPostgres({ settings: { max_connections: '20' } })
  stage = await openStage(server.url)
})
afterEach(() => stage.clear())
afterAll(() => server.stop())

const quick = ['--application', 'shop-*', '--idle', '100ms', '--interval', '100ms', '--above', '50']

/** Runs one look in this process. */
async function look(...args: readonly string[]): Promise<Printed> {
  return runCli(['watch', '--once', '--url', stage.urlFor('watcher'), ...args])
}

/** Connects, and waits until all are idle for long enough. */
async function idle(count: number): Promise<void> {
  await stage.connectMany(count, 'shop-api')
  const { client } = await stage.connect('look', 'boss')
  const young =
    "SELECT FROM pg_stat_activity WHERE application_name = 'shop-api' AND state_change > now() - interval '150 ms'"
  await until(async () => (await client.query(young)).rowCount === 0)
  await client.end()
}

interface Line {
  readonly kind: string
  readonly connection?: { readonly pid: number }
}

/** The lines of JSON, each by the schema. */
function eventsOf(out: string): Line[] {
  const lines = out.trim().split('\n')
  return lines.map((line) => {
    expect(schemaErrors('watch', JSON.parse(line))).toBeNull()
    return JSON.parse(line) as Line
  })
}

describe('poolsafe watch --once', () => {
  it('says what it would close, and exits with 1', async () => {
    await idle(10)
    const { exitCode, out, err } = await look(...quick)
    expect(err).toBe('')
    expect(out.match(/would close connection \d+ of shop-api/g)).toHaveLength(3)
    expect(exitCode).toBe(1)
  })

  it('closes with --apply, and exits with 0 if there is room then', async () => {
    await idle(10)
    const { exitCode, out } = await look(...quick, '--apply', '--format', 'json')
    const events = eventsOf(out)
    expect(errorsByOwnSchema(out.split('\n')[0] ?? '')).toBeNull()
    expect(events.filter(({ kind }) => kind === 'closed').map(({ connection }) => typeof connection?.pid)).toEqual([
      'number',
      'number',
      'number',
    ])
    expect(exitCode).toBe(0)
  })

  it('exits with 1 if nothing more may be closed', async () => {
    await stage.connectMany(10, 'billing', 'other')
    const { exitCode, out } = await look(...quick, '--apply')
    expect(out).toContain('10 of billing (role other) of another application')
    expect(exitCode).toBe(1)
    expect(eventsOf((await look(...quick, '--format', 'json')).out).map(({ kind }) => kind)).toContain('stuck')
  })
})

describe('poolsafe watch', () => {
  it('runs until SIGTERM, with metrics, and leaves no connection', async () => {
    const args = ['watch', '--url', stage.urlFor('watcher'), ...quick, '--apply', '--metrics-port', '0']
    const child = spawn(process.execPath, [bin, ...args], { env: userEnvironment() })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    await stage.connectMany(10, 'shop-api')
    await until(() => out.includes('closed connection') && err.includes('metrics at'))
    const url = /http:\S+/.exec(err)?.[0] ?? ''
    const metrics = async (): Promise<string> => (await fetch(url)).text()
    await until(async () => (await metrics()).includes('poolsafe_watch_closed_total{application="shop-*"} 3\n'))
    expect(await metrics()).toMatch(/^poolsafe_watch_connection_slots 17$/m)
    expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(err).not.toContain('error')
    const { client } = await stage.connect('look', 'boss')
    const names = "SELECT FROM pg_stat_activity WHERE application_name = 'poolsafe-watch'"
    await until(async () => (await client.query(names)).rowCount === 0)
  })

  it.each<[string[], string]>([
    [[], '--application is missing'],
    [['--application', '*'], 'this pattern matches those of others'],
    [['--application', 'psql'], "this pattern matches 'psql', which others use"],
    [['--application', 'shop', '--above', '0.8'], '--above must be a percentage from 1 to 99'],
    [['--application', 'shop', '--above', '100'], '--above must be a percentage from 1 to 99'],
    [['--application', 'shop', '--idle', '300'], "--idle must be a duration such as 30s or 5min; got '300'"],
    [['--application', 'shop', '--interval', '1ms'], 'intervalMillis must be a number of milliseconds from 100'],
    [
      ['--application', 'shop', '--apply', '--dry-run'],
      '--apply closes connections and --dry-run closes none: leave out one of them',
    ],
    [['--application', 'shop', '--metrics-port', '70000'], '--metrics-port must be a port from 0 to 65535'],
    [['--application', 'shop', '--admin-url', 'secret'], '--admin-url is not a URL'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, err } = await runCli(['watch', ...args], { env: { DATABASE_URL: stage.urlFor('watcher') } })
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
    expect(err).not.toContain('secret')
  })

  it('refuses a port that is in use', async () => {
    const url = new URL(server.url)
    const args = ['watch', '--url', stage.urlFor('watcher'), ...quick, '--metrics-port', url.port]
    const { exitCode, err } = await runCli(args)
    expect(exitCode).toBe(2)
    expect(err).toContain('cannot be used')
  })
})
