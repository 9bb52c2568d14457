import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../test/support/cli/project.ts'

const unsafe = "await pool.query('SET search_path = tenant_a')\n"
const concise = ['check', '--format', 'concise']

describe('a baseline', () => {
  it('hides what it has, also when lines move, and shows what is new', async () => {
    const cwd = writeProject({ 'src/db.ts': unsafe + unsafe })
    const written = await runCli(['check', '--update-baseline'], { cwd })
    expect(written).toMatchObject({ exitCode: 0, err: '' })
    expect(written.out).toMatch(/^wrote 2 findings to poolsafe-baseline\.json \(/)
    expect((await runCli(['check', '--baseline'], { cwd })).out).toMatch(
      /^nothing new, 2 known findings in poolsafe-baseline\.json \(/,
    )
    const err = 'nothing new, 2 known findings in poolsafe-baseline.json\n'
    expect(await runCli([...concise, '--baseline'], { cwd })).toEqual({ exitCode: 0, out: '', err })
    writeFileSync(join(cwd, 'src/db.ts'), `\n\n${unsafe}${unsafe}${unsafe}await pool.query('LISTEN a')\n`)
    const { exitCode, out } = await runCli([...concise, '--baseline'], { cwd })
    expect(exitCode).toBe(1)
    expect(out.split('\n').map((line) => line.replace(/: .*/, ''))).toEqual(['src/db.ts:5:19', 'src/db.ts:6:19', ''])
  })

  it('says how many of its findings are gone', async () => {
    const cwd = writeProject({ 'src/db.ts': unsafe })
    await runCli(['check', '--update-baseline', '--baseline', 'known.json'], { cwd })
    writeFileSync(join(cwd, 'src/db.ts'), '')
    expect((await runCli([...concise, '--baseline', 'known.json'], { cwd })).err).toContain(
      'the baseline has 1 stale finding: run --update-baseline',
    )
  })

  it.each([
    ['{', 'it is no baseline (Expected property name'],
    ['', 'it is no baseline (Unexpected end of JSON input); write it again with --update-baseline'],
    ['null', 'it is no baseline of this version; write it again with --update-baseline'],
    ['{"version":2}', 'it is no baseline of this version'],
    ['{"version":1,"findings":[{}]}', 'it is no baseline of this version'],
    ['{"version":1,"findings":[null]}', 'it is no baseline of this version'],
  ])('is refused if it is broken: %s', async (text, message) => {
    const cwd = writeProject({ 'poolsafe-baseline.json': text })
    const { exitCode, err } = await runCli(['check', '--baseline'], { cwd })
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
    expect(err).toContain('poolsafe-baseline.json')
  })

  it('is refused if it is missing', async () => {
    expect((await runCli(['check', '--baseline'], { cwd: writeProject({}) })).err).toContain(
      'poolsafe-baseline.json: there is no such file; write one with --update-baseline',
    )
  })
})

describe('--changed', () => {
  const git = (cwd: string, ...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd, stdio: 'ignore' })
  }

  it('checks only what differs from a commit, and new files', async () => {
    const cwd = writeProject({ 'old.ts': unsafe, 'changed.ts': '' })
    git(cwd, 'init', '--initial-branch=main')
    git(cwd, 'add', '.')
    git(cwd, 'commit', '--message', 'start')
    git(cwd, 'checkout', '-b', 'work')
    writeFileSync(join(cwd, 'changed.ts'), unsafe)
    git(cwd, 'commit', '--all', '--message', 'change')
    writeFileSync(join(cwd, 'new.ts'), unsafe)
    const pathsOf = async (...args: string[]): Promise<string[]> =>
      (await runCli([...concise, ...args], { cwd })).out.split('\n').map((line) => line.replace(/:.*/, ''))
    expect(await pathsOf('--changed', 'main')).toEqual(['changed.ts', 'new.ts', ''])
    expect(await pathsOf('--changed')).toEqual(['new.ts', ''])
    const { exitCode, err } = await runCli(['check', '--changed', 'missing'], { cwd })
    expect(exitCode).toBe(2)
    expect(err).toContain("--changed: there is no commit or branch 'missing' here. Fetch it, or name another one")
  })

  it('says that a shallow clone lacks the commit to compare with', async () => {
    const origin = writeProject({ 'a.ts': unsafe })
    git(origin, 'init', '--initial-branch=main')
    git(origin, 'add', '.')
    git(origin, 'commit', '--message', 'start')
    git(origin, 'commit', '--allow-empty', '--message', 'next')
    const cwd = writeProject({})
    git(cwd, 'clone', '--depth', '1', `file://${origin}`, '.')
    const { exitCode, err } = await runCli(['check', '--changed', 'HEAD~1'], { cwd })
    expect(exitCode).toBe(2)
    expect(err).toContain('This clone is shallow: fetch the history')
  })

  it('says that there is no repository', async () => {
    const { exitCode, err } = await runCli(['check', '--changed'], { cwd: writeProject({ 'a.ts': unsafe }) })
    expect(exitCode).toBe(2)
    expect(err).toContain('this folder is not a git repository; run it in one, or leave out --changed')
  })

  it('leaves out what Git ignores', async () => {
    const cwd = writeProject({ '.gitignore': 'ignored/', 'ignored/a.ts': unsafe, 'b.ts': unsafe })
    git(cwd, 'init')
    expect((await runCli(concise, { cwd })).out).toMatch(/^b\.ts[^\n]*\n$/)
  })
})

describe('--stdin-filepath', () => {
  it('checks standard input as the file', async () => {
    const cwd = writeProject({})
    const { exitCode, out } = await runCli([...concise, '--stdin-filepath', 'src/db.ts'], { cwd, input: unsafe })
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^src\/db\.ts:1:19: error/)
  })
})

const fixable: Readonly<Record<string, readonly [path: string, before: string, after: string]>> = {
  'SET in a transaction of Prisma': [
    'src/a.ts',
    'await prisma.$transaction(async (tx) => { await tx.$executeRaw`SET search_path = a` })\n',
    'await prisma.$transaction(async (tx) => { await tx.$executeRaw`SET LOCAL search_path = a` })\n',
  ],
  'set_config in a transaction of Kysely, beside holes': [
    'src/a.ts',
    "await db.transaction().execute(async (trx) => { await sql`select set_config('a.b', ${value}, false)`.execute(trx) })\n",
    "await db.transaction().execute(async (trx) => { await sql`select set_config('a.b', ${value}, true)`.execute(trx) })\n",
  ],
  'SET behind BEGIN': [
    'src/a.ts',
    "await client.query('BEGIN')\nawait client.query('SET work_mem = 1')\nawait client.query('COMMIT')\n",
    "await client.query('BEGIN')\nawait client.query('SET LOCAL work_mem = 1')\nawait client.query('COMMIT')\n",
  ],
  'SET in a migration': [
    'prisma/migrations/1_a/migration.sql',
    "-- a\nSET lock_timeout = '1s';\nALTER TABLE a ADD b int;\n",
    "-- a\nSET LOCAL lock_timeout = '1s';\nALTER TABLE a ADD b int;\n",
  ],
  'a lock in a transaction': [
    'src/a.ts',
    'await prisma.$transaction(async (tx) => { await tx.$queryRaw`SELECT pg_advisory_lock(4711)` })\n',
    'await prisma.$transaction(async (tx) => { await tx.$queryRaw`SELECT pg_advisory_xact_lock(4711) AS pg_advisory_lock` })\n',
  ],
}

describe('--fix', () => {
  it.each(Object.entries(fixable))('repairs %s, after which check is clean', async (_, [path, before, after]) => {
    const cwd = writeProject({ [path]: before })
    const dry = await runCli(['check', '--fix', '--dry-run'], { cwd })
    expect(readFileSync(join(cwd, path), 'utf8')).toBe(before)
    expect(dry.err).toContain(`--- ${path}`)
    expect(await runCli(['check', '--fix', '--format', 'concise'], { cwd })).toMatchObject({ exitCode: 0, out: '' })
    expect(readFileSync(join(cwd, path), 'utf8')).toBe(after)
    // Nothing is left to repair.
    expect((await runCli(['check', '--fix'], { cwd })).err).toBe('changed 0 files\n')
  })

  it.each([
    ['outside a transaction', unsafe],
    [
      'a lock that is unlocked elsewhere',
      'prisma.$transaction((tx) => tx.$queryRaw`SELECT pg_advisory_lock(1)`)\nprisma.$queryRaw`SELECT pg_advisory_unlock(1)`\n',
    ],
    ['an escape in the source', "prisma.$transaction((tx) => tx.$executeRawUnsafe('SET \\x61.b = 1'))\n"],
  ])('leaves %s as it is', async (_, source) => {
    const cwd = writeProject({ 'src/a.ts': source })
    await runCli(['check', '--fix'], { cwd })
    expect(readFileSync(join(cwd, 'src/a.ts'), 'utf8')).toBe(source)
  })
})

it.each([
  [['--dry-run'], 'add --fix'],
  [['--fix', '--stdin-filepath', 'a.ts'], 'cannot change standard input'],
  [['--stdin-filepath', 'a.ts', 'src'], 'standard input only'],
  [['--update-baseline', '--rule', 'session/set'], 'needs all findings'],
])('refuses %j', async (args, message) => {
  const { exitCode, err } = await runCli(['check', ...args], { cwd: writeProject({ 'src/a.ts': '' }), input: '' })
  expect(exitCode).toBe(2)
  expect(err).toContain(message)
})
