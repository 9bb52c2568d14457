import { startPostgres } from '@poolsafe/testing/servers'
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { run } from '../run.ts'
import { quickStarts, type QuickStart } from './quick-starts.ts'

// npm run quick-starts [-- <name>] Installs the quick start of each library into an empty folder, with the tarballs of
// `npm run build`, and runs it with and without `poolsafe run`. Prints a row for each, and a transcript of a single one.

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Summary {
  readonly findings: readonly { readonly rule: string; readonly places: readonly { readonly place?: string }[] }[]
}

const wanted = process.argv[2]
const chosen = quickStarts.filter(({ name }) => wanted === undefined || name === wanted)
if (chosen.length === 0)
  throw new Error(`there is no quick start ${wanted}: ${quickStarts.map(({ name }) => name).join()}`)
const packed = join(import.meta.dirname, '../../../.cache/packed')
const tarballs = packagesOf('poolsafe').flatMap((name) => globSync(`${name}-[0-9]*.tgz`, { cwd: packed }))
if (tarballs.length === 0) throw new Error('.cache/packed has no tarballs: run npm run build first')

const server = await startPostgres()
let databases = 0
try {
  console.log('| quick start | installed | run | first finding after | found | exit codes: plain, run, --strict |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const quickStart of chosen) await tryOut(quickStart)
} finally {
  await server.stop()
}

async function tryOut(quickStart: QuickStart): Promise<void> {
  const { name, rules, isOwn, mostSeconds = 60 } = quickStart
  const folder = mkdtempSync(join(tmpdir(), `poolsafe-${name}-`))
  try {
    const startedAt = performance.now()
    install(quickStart, folder)
    const installed = secondsSince(startedAt)
    const runAt = performance.now()
    const watched = await start(folder, ['npx', 'poolsafe', 'run', '--', 'node', 'app.mjs'])
    const [ran, total] = [secondsSince(runAt), secondsSince(startedAt)]
    const plain = await start(folder, ['node', 'app.mjs'])
    const strict = await start(folder, ['node_modules/.bin/poolsafe', 'run', '--strict', '--', 'node', 'app.mjs'])
    const found = await rulesIn(folder)
    const codes = [plain, watched, strict].map(({ code }) => code)
    console.log(
      `| ${name} | ${installed} s | ${ran} s | ${total} s | ${found.join(', ')}${isOwn ? ' (its own)' : ''} | ${codes.join(', ')} |`,
    )
    if (wanted !== undefined) console.log(`\n${watched.stdout}${watched.stderr}`)
    check(name, found.join() === rules.join(), `found ${found.join()}\n${watched.stderr}`)
    check(name, steady(plain) === steady(watched), `printed ${watched.stdout} instead of ${plain.stdout}`)
    check(name, codes.join() === '0,0,1', `ended with ${codes.join()}\n${plain.stderr}\n${watched.stderr}`)
    check(name, Number(total) < mostSeconds, `took ${total} s`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The names of the tarballs that `npm install poolsafe` brings: of the package and of those that it depends on. */
function packagesOf(name: string, known: Set<string> = new Set()): readonly string[] {
  if (known.has(name)) return []
  known.add(name)
  const folder = name === 'poolsafe' ? 'cli' : name.replace('poolsafe-', '')
  const path = join(import.meta.dirname, '../../../packages', folder, 'package.json')
  const { dependencies = {} } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies?: Record<string, string> }
  const own = Object.keys(dependencies).filter((each) => each.startsWith('@poolsafe/'))
  for (const each of own) packagesOf(each.replace('@poolsafe/', 'poolsafe-'), known)
  return [...known]
}

function install({ name, packages, files = {}, prepare }: QuickStart, folder: string): void {
  run('npm', ['init', '-y'], folder)
  // As a new package is, whatever the version of npm writes.
  run('npm', ['pkg', 'delete', 'type', 'main'], folder)
  const own = tarballs.map((tarball) => join(packed, tarball))
  run('npm', ['install', '--no-audit', '--no-fund', ...own, ...packages], folder)
  copyFileSync(join(import.meta.dirname, `apps/${name}.mjs`), join(folder, 'app.mjs'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  if (prepare !== undefined) run(prepare[0], prepare.slice(1), folder)
}

/** The output without names and durations that differ in each run. */
function steady({ stdout }: Ran): string {
  return stdout.replaceAll(/[0-9a-f]{12,}|[\d.]+ ?ms/g, '')
}

/** Runs a command in a database of its own, for 30 s at most: in strict mode, graphile-worker tries again forever. */
async function start(folder: string, [command = '', ...args]: readonly string[]): Promise<Ran> {
  const env = { ...process.env, DATABASE_URL: await newDatabase(), NEXT_TELEMETRY_DISABLED: '1' }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, env, encoding: 'utf8', timeout: 30_000 })
  return { code: status, stdout, stderr }
}

async function rulesIn(folder: string): Promise<string[]> {
  const to = join(folder, 'summary.json')
  await start(folder, ['npx', 'poolsafe', 'run', '--format', 'json', '--output', to, '--', 'node', 'app.mjs'])
  const { findings } = JSON.parse(readFileSync(to, 'utf8')) as Summary
  return findings.map(({ rule }) => rule).toSorted((one, other) => one.localeCompare(other))
}

async function newDatabase(): Promise<string> {
  const client = new pg.Client(server.url)
  await client.connect()
  const name = `quick_start_${++databases}`
  try {
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(server.url)
  url.pathname = name
  return url.href
}

function secondsSince(time: number): string {
  return ((performance.now() - time) / 1000).toFixed(1)
}

function check(name: string, holds: boolean, otherwise: string): void {
  if (holds) return
  process.exitCode = 1
  console.error(`${name} ${otherwise}`)
}
