import { startPostgres } from '@poolsafe/testing/servers'
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { run } from '../run.ts'
import { bundlers, type Bundler } from './bundlers.ts'
import { answerOfNext, compilers } from './next.ts'

// npm run test:bundlers [-- <part of a bundler's name>] Bundles a small application with the tarballs of `npm run
// build`, runs it against PostgreSQL and compares what became of its statements.

const refusal = (rule: string): readonly string[] => ['UnsafeStatementError', 'UnsafeStatementError', rule]
const expected = {
  harmless: [{ one: 1 }],
  isParserLoadedAfterIt: false,
  unsafe: refusal('session/set'),
  unsafeBlock: refusal('session/set-config'),
  unsafeHook: refusal('session/set'),
}

const wanted = process.argv[2] ?? ''
const repository = join(import.meta.dirname, '../../..')
const project = join(repository, '.cache/bundlers')
const server = await startPostgres()
process.env['DATABASE_URL'] = server.url
try {
  install()
  for (const bundler of bundlers.filter(({ name }) => name.includes(wanted))) check(bundler.name, answerOf(bundler))
  for (const compiler of compilers.filter((each) => `Next.js, ${each}`.includes(wanted))) {
    check(`Next.js, ${compiler}`, await answerOfNext(project, compiler))
  }
} finally {
  await server.stop()
}

/** Copies the project and installs its packages. What an earlier run installed is kept, except poolsafe itself. */
function install(): void {
  const source = join(import.meta.dirname, 'project')
  for (const path of globSync('**/*.*', { cwd: source })) {
    const text = readFileSync(join(source, path), 'utf8')
    const isTyped = path.endsWith('.ts')
    const target = join(project, path.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, isTyped ? stripTypeScriptTypes(text).replaceAll(/(from '\..*)\.ts'/g, "$1.js'") : text)
  }
  rmSync(join(project, 'out'), { recursive: true, force: true })
  const tarballs = globSync('poolsafe-{core,pg,kysely}-*.tgz', { cwd: join(repository, '.cache/packed') })
  if (tarballs.length !== 3) throw new Error('.cache/packed has no tarballs: run npm run build first')
  rmSync(join(project, 'node_modules/@poolsafe'), { recursive: true, force: true })
  const paths = tarballs.map((name) => join(repository, '.cache/packed', name))
  run('npm', ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', ...paths], project)
}

/** Runs the bundle in a separate folder, where it finds no packages. */
function answerOf({ name, commands, program }: Bundler): unknown {
  for (const [command = '', ...args] of commands)
    run(command === 'node' ? process.execPath : join(project, command), args, project)
  const folder = mkdtempSync(join(tmpdir(), 'poolsafe-bundle-'))
  try {
    cpSync(join(project, 'out', name), folder, { recursive: true })
    const path = join(folder, program)
    const [file, args] = program === 'program' ? [path, []] : [process.execPath, [path]]
    return JSON.parse(execFileSync(file, args, { cwd: folder, encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function check(name: string, answer: unknown): void {
  const isRight = isDeepStrictEqual(answer, expected)
  console.log(`${name}: ${isRight ? 'works' : `answered ${JSON.stringify(answer, null, 2)}`}`)
  if (!isRight) process.exitCode = 1
}
