import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGuard } from '@poolsafe/core'
import type { SizePlan } from '@poolsafe/operate'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'
import type { WaitCurve } from './wait-curve.ts'

describe('poolsafe size', () => {
  it('prints each number with its formula and source', async () => {
    const { exitCode, out } = await runCli(['size', '--cores', '8', '--processes', '4', '--rps', '200', '--mean', '4'])
    expect(exitCode).toBe(0)
    expect(out).toMatch(/connections worth having +16 +\(2 × 8 cores \+ 0 disks\) = 16/)
    expect(out).toContain('Number_Of_Database_Connections')
    expect(out).toMatch(/new Pool\(\{ connectionString: process\.env\.DATABASE_URL, max: 3 \}\)/)
  })

  it('prints pgbouncer.ini, Compose and Kubernetes for poolers', async () => {
    const { out } = await runCli(['size', '--poolers', '2', '--cores', '8', '--processes', '10'])
    expect(out).toContain('default_pool_size = 8')
    expect(out).toContain('max_client_conn = 32')
    expect(out).toContain('nofile: 140')
    expect(out).toContain('pgbouncer=true&connection_limit=2&pool_timeout=3')
  })

  it('exits with 1 if something does not fit', async () => {
    const { exitCode, out } = await runCli(['size', '--processes', '100', '--max-connections', '100'])
    expect(exitCode).toBe(1)
    expect(out).toMatch(/✗ 125 connections are opened at most, and the database has 92 for them\. Remedy: put a/)
  })

  it('prints the table of classes in every format', async () => {
    const { out } = await runCli(['size', '--table'])
    expect(out.match(/^(?:Small|Medium|Large|Enterprise) /gm)).toHaveLength(4)
    expect((await runCli(['size', '--table', '--format', 'html'])).out).toContain('<td>Enterprise</td>')
    expect(JSON.parse((await runCli(['size', '--table', '--format', 'json'])).out)).toHaveLength(4)
  })

  it('plans 500 pods behind 4 poolers', async () => {
    const args = ['--cores', '64', '--processes', '500', '--rps', '8000', '--mean', '2', '--poolers', '4', '--simulate']
    const { exitCode, out } = await runCli(['size', ...args, '--format', 'json'])
    const plan = JSON.parse(out) as SizePlan & { readonly simulation: WaitCurve }
    expect(exitCode).toBe(0)
    expect(plan).toMatchObject({ class: 'Enterprise', poolSize: 32, totalConnections: 128 })
    expect(plan.simulation.points.find(({ isPlanned }) => isPlanned)).toMatchObject({ connections: 128 })
  })

  it('draws the wait over pool sizes', async () => {
    const args = ['size', '--processes', '1', '--rps', '100', '--statements', '4', '--mean', '10', '--simulate']
    const { out } = await runCli(args)
    expect(out).toContain('The wait for a connection at the pool of one process: 400 checkouts/s of 10 ms, simulated')
    expect(out).toMatch(/\n4 +100 % +no bound/)
    expect(out).toMatch(/\n8 planned +\d+ % +0 ms .+█/)
    const { out: html } = await runCli([...args, '--format', 'html'])
    expect(html).toContain('<svg')
    expect(html).not.toContain('NaN')
  })

  it('simulates with the durations that a guard has seen', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'poolsafe-size-'))
    const stats = createGuard().stats()
    writeFileSync(join(folder, 'empty.json'), JSON.stringify(stats))
    const duration = { boundsMillis: [1, 10, 100], counts: [500, 400, 90, 10], sumMillis: 9000, maxMillis: 400 }
    writeFileSync(join(folder, 'stats.json'), JSON.stringify({ ...stats, byKind: [{ kind: 'SELECT', duration }] }))
    const run = (file: string): ReturnType<typeof runCli> =>
      runCli(['size', '--simulate', '--stats', file], { cwd: folder })
    expect((await run('stats.json')).out).toContain('125 checkouts/s of 9 ms')
    const use = { ...duration, sumMillis: duration.sumMillis * 3 }
    const pools = [{ name: 'shop', use }]
    writeFileSync(join(folder, 'pools.json'), JSON.stringify({ ...stats, byKind: [{ duration }], pools }))
    expect((await run('pools.json')).out).toContain('125 checkouts/s of 27 ms')
    expect((await run('pools.json')).out).toMatch(/\d planned/)
    expect(await run('empty.json')).toMatchObject({ exitCode: 2, err: expect.stringContaining('has no durations') })
    expect(await run('none.json')).toMatchObject({ exitCode: 2, err: expect.stringContaining('cannot be read') })
  })

  it.each([
    [['--cores', 'many'], "--cores must be a number of at least 0, such as 8 or 0.5; got 'many'"],
    [['--cores', '1e9'], '--cores must be a number'],
    [['--max-connections', '-1'], '--max-connections must be a number'],
    [['--ram', '16'], "--ram must be a size such as 16GB or 64MB; got '16'"],
    [['--cores', '0'], 'cores must be a whole number of at least 1; got 0'],
    [['--stats', 'x.json'], 'cannot be read'],
    [['--format', 'xml'], 'Allowed choices are pretty, json, html'],
  ])('exits with 2: %j', async (args, message) => {
    const { exitCode, out, err } = await runCli(['size', ...args])
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
    expect(err).toContain(message)
  })
})
