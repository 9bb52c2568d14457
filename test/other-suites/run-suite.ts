import { startPostgres } from '@poolsafe/testing/servers'
import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import pg from 'pg'
import type { Suite } from './suites.ts'

/** What became of the tests of a suite. */
export interface SuiteResult {
  readonly passed: ReadonlySet<string>
  /** The message of each test that failed. */
  readonly failed: ReadonlyMap<string, string>
}

/** What mocha's reporter `json` writes. */
interface Report {
  readonly passes: readonly { readonly fullTitle: string }[]
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[]
}

/** Runs a built suite against a server of its own. */
export async function runSuite(suite: Suite, folder: string, isGuarded: boolean): Promise<SuiteResult> {
  const server = await startPostgres({ settings: { max_connections: '200' } })
  try {
    const admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    for (const statement of suite.database) await admin.query(statement)
    await admin.end()
    await suite.connect(folder, server)
    return toResult(await runMocha(suite, folder, isGuarded))
  } finally {
    await server.stop()
  }
}

async function runMocha({ mocha, env, preload }: Suite, folder: string, isGuarded: boolean): Promise<Report> {
  const output = join(folder, `.poolsafe-${isGuarded ? 'guarded' : 'unguarded'}.json`)
  await rm(output, { force: true })
  const guard = pathToFileURL(fileURLToPath(new URL(preload, import.meta.url))).href
  const args = [...(isGuarded ? ['--conditions=@poolsafe/source', '--import', guard] : []), 'node_modules/mocha/bin/mocha.js']
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${output}`]
  const stdio = ['ignore', 'ignore', 'inherit'] as const
  const child = spawn(process.execPath, [...args, ...reporter, ...mocha], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: [...stdio],
  })
  await new Promise((resolve, reject) => child.on('exit', resolve).on('error', reject))
  return JSON.parse(await readFile(output, 'utf8')) as Report
}

function toResult({ passes, failures }: Report): SuiteResult {
  const failed = new Map(failures.map(({ fullTitle, err }) => [fullTitle, err.message ?? '']))
  return { passed: new Set(passes.map(({ fullTitle }) => fullTitle)), failed }
}
