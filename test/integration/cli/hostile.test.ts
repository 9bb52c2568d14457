import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needPackage } from '../../support/debian-package.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { bin, runPoolsafe, userEnvironment, type Ran } from './run-poolsafe.ts'

let server: SharedPostgres
beforeAll(async () => {
  await needPackage('postgresql-client', ['psql', '--version'])
  await needPackage('python3-psycopg2', ['/usr/bin/python3', '-c', 'import psycopg2'])
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const folder = join(import.meta.dirname, 'other-languages')

function hostile(args: readonly string[]): Promise<Ran> {
  return runPoolsafe(['hostile', '--target', server.url, ...args], folder)
}

function psql(...commands: readonly string[]): string[] {
  const script = ['psql', '"$DATABASE_URL"', '-qAt', ...commands.map((sql) => `-c "${sql}"`)].join(' ')
  return ['--', 'sh', '-c', script]
}

describe('poolsafe hostile', () => {
  it('finds what psycopg leaves, and says what to write instead', async () => {
    const { code, stdout, stderr } = await hostile(['--', '/usr/bin/python3', 'shop.py', 'session'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'orders: 2\n' })
    expect(stderr).toContain('left setting app.tenant (session/set-config)')
    expect(stderr).toContain('> SELECT set_config(?, ?, false)')
    expect(stderr).toContain('instead  set_config(name, value, true)')
    expect(stderr).toMatch(/poolsafe hostile: 2 transactions left something behind, took it away or missed it\n$/)
  })

  it('finds nothing in the safe form', async () => {
    const { code, stderr } = await hostile(['--', '/usr/bin/python3', 'shop.py', 'local'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/poolsafe hostile: no transaction left anything behind\n$/)
  })

  it('breaks under psql what relies on the session, and reports it', async () => {
    const { code, stdout, stderr } = await hostile(
      psql('SET app.tenant = 1', "SELECT current_setting('app.tenant', true) = '1'"),
    )
    expect({ code, stdout }).toEqual({ code: 1, stdout: '\n' })
    expect(stderr).toContain('left setting app.tenant (session/set)')
  })

  it('exits as the command does', async () => {
    expect((await hostile(['--', 'sh', '-c', 'exit 5'])).code).toBe(5)
  })

  it('sets the variables that --env names', async () => {
    const { stdout } = await hostile(['--env', 'ONE,TWO', '--', 'sh', '-c', '[ "$ONE" = "$TWO" ] && echo "$ONE"'])
    expect(stdout).toMatch(/^postgresql:\/\/postgres@127\.0\.0\.1:\d+\/test_\w+\n$/)
  })

  it('listens until a signal, on the port that --listen names', async () => {
    const free = await hostile(['--', 'sh', '-c', 'echo "$DATABASE_URL"'])
    const { port } = new URL(free.stdout)
    const child = spawn(process.execPath, [bin, 'hostile', '--target', server.url, '--listen', port], {
      env: userEnvironment(),
    })
    await once(child.stderr, 'data')
    const busy = await hostile(['--listen', port, '--', 'true'])
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(busy.code).toBe(2)
    expect(busy.stderr).toContain(`error: startHostilePooler(): port ${port} of 127.0.0.1 cannot be used (EADDRINUSE)`)
  })

  it.each([
    [['--listen', 'six'], '--listen must be a port'],
    [['--pooler', 'pgbouncr'], "did you mean 'pgbouncer'?"],
  ])('refuses %j', async (options, message) => {
    const { code, stderr } = await hostile([...options, '--', 'true'])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('refuses a target that is no URL, without printing it', async () => {
    const { code, stderr } = await runPoolsafe(['hostile', '--target', 'secret@nowhere', '--', 'true'], folder)
    expect(code).toBe(2)
    expect(stderr).toContain('target must be a URL')
    expect(stderr).not.toContain('secret')
  })
})
