import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needPackage } from '../../support/debian-package.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { runPoolsafe, type Ran } from './run-poolsafe.ts'

// Clients that prepare statements by themselves, behind the hostile pooler: pgbench in its three modes, and psycopg 3.

let server: SharedPostgres
beforeAll(async () => {
  await needPackage('postgresql-contrib', ['sh', '-c', 'pgbench --version'])
  await needPackage('python3-psycopg', ['/usr/bin/python3', '-c', 'import psycopg'])
  server = await sharedPostgres()
})
afterAll(() => server.stop())

function hostile(args: readonly string[]): Promise<Ran> {
  return runPoolsafe(['hostile', '--target', server.url, ...args], join(import.meta.dirname, 'other-languages'))
}

function pgbench(options: string): string[] {
  return ['--', 'sh', '-c', `pgbench ${options} "$DATABASE_URL"`]
}

const clean = /poolsafe hostile: no transaction left anything behind\n$/

describe('poolsafe hostile under pgbench', () => {
  it('finds nothing in its tables and in its own transactions', async () => {
    expect(await hostile(pgbench('--initialize --quiet'))).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(clean),
    })
    const modes = ['simple', 'extended'].map((mode) => hostile(pgbench(`--no-vacuum -M ${mode} -c 2 -t 5`)))
    for (const { code, stdout, stderr } of await Promise.all(modes)) {
      expect(code, stderr).toBe(0)
      expect(stdout).toContain('number of transactions actually processed: 10/10\n')
      expect(stderr).toMatch(clean)
    }
  })

  it('breaks its prepared statements, and keeps them as a pooler does that tracks them', async () => {
    const prepared = pgbench('--no-vacuum -M prepared -f local.sql -c 2 -t 5')
    const [broken, tracked] = await Promise.all([
      hostile(prepared),
      hostile(['--pooler', 'pgbouncer@1.24', ...prepared]),
    ])
    expect(broken.code).not.toBe(0)
    expect(broken.stderr).toContain('left named statement P_0 (session/named-statement)')
    expect(tracked.code, tracked.stderr).toBe(0)
    expect(tracked.stderr).toMatch(clean)
  })

  it('finds the session locks of a script', async () => {
    const { code, stderr } = await hostile(pgbench('--no-vacuum -f locks.sql -c 1 -t 2'))
    expect(code).toBe(1)
    expect(stderr).toContain('left advisory lock ExclusiveLock (session/advisory-lock)')
  })
})

describe('poolsafe hostile under psycopg 3', () => {
  it('breaks the statement that psycopg prepares, and keeps it as a pooler does that tracks it', async () => {
    const repeated = ['--', '/usr/bin/python3', 'prepared.py']
    const [broken, tracked] = await Promise.all([
      hostile(repeated),
      hostile(['--pooler', 'pgbouncer@1.24', ...repeated]),
    ])
    expect(broken.code).toBe(1)
    expect(broken.stderr).toMatch(/(?:left|missed) named statement .*\(session\/named-statement\)/)
    expect(tracked).toMatchObject({ code: 0, stdout: 'last: 7\n' })
  })
})
