import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Summary } from '../../../packages/cli/src/run/summary.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { applications, folderOf } from '../register/run-registered.ts'
import { bin, runPoolsafe, userEnvironment, type Ran } from './run-poolsafe.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

/** Runs `poolsafe run` as a process of its own. */
function poolsafeRun(args: readonly string[], cwd: string = applications): Promise<Ran> {
  return runPoolsafe(['run', ...args], cwd, { DATABASE_URL: server.url })
}

async function summaryOf(args: readonly string[], cwd?: string): Promise<Ran & { readonly summary: Summary }> {
  const folder = mkdtempSync(join(tmpdir(), 'poolsafe-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const output = join(folder, 'summary.json')
  const ran = await poolsafeRun(['--format', 'json', '--output', output, ...args], cwd)
  return { ...ran, summary: JSON.parse(readFileSync(output, 'utf8')) as Summary }
}

function statementsOf(summary: Summary): string[] {
  return summary.findings.flatMap(({ places }) => places.map(({ statement }) => statement)).toSorted()
}

function runVitest(pool: string): ReturnType<typeof summaryOf> {
  const folder = folderOf({
    'pool.test.mjs': `import pg from 'pg'
import { test } from 'vitest'
test('sends one statement', async () => {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
  await pool.query('SET app.tested = 1')
  await pool.end()
})`,
  })
  const vitest = join(import.meta.dirname, '../../../node_modules/.bin/vitest')
  return summaryOf(['--', vitest, 'run', '--root', '.', '--pool', pool], folder)
}

describe('poolsafe run', () => {
  it('passes through the output and ends with a summary: findings by rule, places, the remedy', async () => {
    const { code, stdout, stderr } = await poolsafeRun(['--', 'node', 'pools.mjs'])
    expect(code).toBe(0)
    expect(stdout).toContain('pool: 1\nunsafe: SET\n')
    expect(stderr).toMatch(/^\npoolsafe run: 5 findings in \d+ statements of 1 process\n/)
    expect(stderr).toContain('session/set  5×  SET app.pool_promise stays on a server connection')
    expect(stderr).toMatch(/1× {2}main \(pools\.mjs:19:28\) +SET app\.pool_promise = \?/)
    expect(stderr).toContain('instead  SET LOCAL')
  })

  it('sums up every process: a worker thread, a fork and a process that was spawned', async () => {
    const { summary } = await summaryOf(['--', 'node', 'processes.mjs'])
    expect(statementsOf(summary)).toEqual(['SET app.forked = ?', 'SET app.spawned = ?', 'SET app.thread = ?'])
    expect(summary.processes).toHaveLength(4)
  })

  it('names the worker threads and processes that get an environment of their own', async () => {
    const folder = folderOf({
      'isolated.mjs': `import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
const one = new URL('../one.mjs', import.meta.url)
const env = { DATABASE_URL: process.env.DATABASE_URL }
await once(new Worker(one, { argv: ['thread'], execArgv: [] }), 'exit')
await once(fork(one, ['forked'], { execArgv: [] }), 'exit')
await once(new Worker(one, { argv: ['thread'], execArgv: [], env }), 'exit')
await once(fork(one, ['forked'], { env }), 'exit')
await once(spawn(process.execPath, [one.pathname, 'spawned'], { env }), 'exit')
await once(spawn(process.execPath, ['--version'], { env }), 'exit')`,
    })
    const { summary } = await summaryOf(['--', 'node', 'isolated.mjs'], folder)
    expect(statementsOf(summary)).toEqual(['SET app.forked = ?', 'SET app.thread = ?'])
    expect(summary.unreached).toEqual([
      'isolated.mjs:8:12 starts a worker thread without NODE_OPTIONS in its environment',
      'isolated.mjs:9:12 starts a Node process without NODE_OPTIONS in its environment',
      'isolated.mjs:10:12 starts a Node process without NODE_OPTIONS in its environment',
    ])
  })

  it.each(['forks', 'threads'])('reaches the workers of Vitest, which it ends without notice: %s', async (pool) => {
    const { code, summary } = await runVitest(pool)
    expect(code).toBe(0)
    expect(summary.findings).toMatchObject([
      { rule: 'session/set', places: [{ statement: 'SET app.tested = ?', place: 'pool.test.mjs:5:14' }] },
    ])
  })

  it('names the driver that Vitest loads by itself in vmThreads', async () => {
    const { code, summary } = await runVitest('vmThreads')
    expect(code).toBe(0)
    expect(summary.unreached).toEqual([expect.stringMatching(/pg\/lib\/connection\.js:\d+$/)])
  })

  it('reaches the workers of Jest, whose modules Jest runs itself, and changes no test', async () => {
    const test = (name: string): string => `const { Pool } = require('pg')
test('sends one statement', async () => {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL })
  await expect(pool.query('SELECT nothing')).rejects.toBeInstanceOf(Error)
  const sent = pool.query('SET app.${name} = 1')
  expect(sent).toBeInstanceOf(Promise)
  await sent
  await pool.end()
})`
    const folder = folderOf({ 'one.test.cjs': test('one'), 'two.test.cjs': test('two') })
    const jest = join(import.meta.dirname, '../../node_modules/.bin/jest')
    const { code, stderr, summary } = await summaryOf(['--', jest, '--config', '{}', '--maxWorkers', '2'], folder)
    expect(code, stderr).toBe(0)
    expect(statementsOf(summary)).toEqual(['SET app.one = ?', 'SET app.two = ?'])
    expect(summary.findings[0]?.places[0]?.place).toMatch(/\.test\.cjs:5:21\)?$/)
    expect(summary.unreached).toEqual([])
    expect(summary.processes.filter(({ usesPostgres }) => usesPostgres)).toHaveLength(2)
  })

  it('reaches the workers of a server, which a signal ends', async () => {
    const { code, stdout, summary } = await summaryOf(['--', 'node', 'server.mjs'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ended by SIGTERM, SIGTERM\n' })
    expect(statementsOf(summary)).toEqual(['SET app.worker_1 = ?', 'SET app.worker_2 = ?'])
    expect(summary.processes.filter(({ usesPostgres }) => usesPostgres)).toHaveLength(2)
  })

  it('reaches processes below npm', async () => {
    const { summary } = await summaryOf(['--', 'npm', 'exec', '--offline', '--', 'node', 'one.mjs', 'below'])
    expect(statementsOf(summary)).toEqual(['SET app.below = ?'])
  })

  it('refuses with --strict, and exits with 1 although the command exits with 0', async () => {
    const { code, stdout, summary } = await summaryOf(['--strict', '--', 'node', 'pools.cjs'])
    expect(code).toBe(1)
    expect(stdout.match(/UnsafeStatementError/g)).toHaveLength(5)
    expect(summary.findings.map(({ rule }) => rule)).toEqual(['session/set'])
  })

  it('finds nothing for --pooler direct, and nothing of the rules that --allow names', async () => {
    for (const options of [
      ['--pooler', 'direct'],
      ['--allow', 'session/set'],
    ]) {
      const { code, stderr } = await poolsafeRun([...options, '--strict', '--', 'node', 'one.mjs', 'allowed'])
      expect(code).toBe(0)
      expect(stderr).toMatch(/^\npoolsafe run: no findings in \d+ statements? of 1 process\n/)
    }
  })

  it('names what is not guarded', async () => {
    const { summary } = await summaryOf(['--', 'node', 'raw-driver.mjs'])
    expect(summary.unreached).toEqual([expect.stringMatching(/raw-driver\.mjs:\d+$/)])
  })

  it('writes a page of HTML', async () => {
    const { stderr } = await poolsafeRun(['--format', 'html', '--', 'node', 'one.mjs', 'page'])
    expect(stderr).toMatch(/^<!doctype html>/)
    expect(stderr).toContain('<p class="failure">1 finding in 1 statement of 1 process</p>')
    expect(stderr).toContain('<td><code>SET app.page = ?</code></td>')
  })

  it('writes JUnit', async () => {
    const { stderr } = await poolsafeRun(['--format', 'junit', '--', 'node', 'one.mjs', 'junit'])
    expect(stderr).toContain('<testsuites name="poolsafe run" tests="1" failures="1">')
    expect(stderr).toContain('<failure type="session/set" message="SET app.junit stays')
  })

  it('exits as the command does, and says so if there is none', async () => {
    expect(await poolsafeRun(['--', 'node', '-e', 'process.exit(7)'])).toMatchObject({ code: 7 })
    expect(await poolsafeRun(['--', 'no-such-command'])).toMatchObject({
      code: 2,
      stderr: 'error: no-such-command does not start: there is no such command\n',
    })
    expect(await poolsafeRun(['--pooler', 'pgbouncr', '--', 'node', 'one.mjs'])).toMatchObject({ code: 2, stdout: '' })
    expect(await poolsafeRun(['--allow', 'session/sett', '--', 'node', 'one.mjs'])).toMatchObject({
      code: 2,
      stdout: '',
    })
  })

  it('leaves the options of the command to the command', async () => {
    const { stdout } = await poolsafeRun(['node', '-e', 'console.log(process.argv.slice(1).join())', 'x', '--strict'])
    expect(stdout).toBe('x,--strict\n')
  })

  it('passes a signal on, and has a summary of a process that it ends', async () => {
    const script = `import('./one.mjs').then(() => { console.log('ready'); setInterval(() => {}, 1000) })`
    const child = spawn(process.execPath, [bin, 'run', '--', 'node', '-e', script, 'signalled'], {
      cwd: applications,
      env: userEnvironment({ DATABASE_URL: server.url }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([143, null])
    expect(stderr).toContain('poolsafe run: ')
  })
})
