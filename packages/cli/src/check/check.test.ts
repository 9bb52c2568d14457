import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../test/support/cli/project.ts'
import { formats } from './report/all.ts'

const unsafe = "await pool.query('SET search_path = tenant_a')\n"

describe('poolsafe check', () => {
  it('exits with 1 and shows place, source, cause and remedy', async () => {
    const cwd = writeProject({ 'src/db.ts': `const a = 1\n${unsafe}` })
    const { exitCode, out, err } = await runCli(['check'], { cwd })
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: '' })
    expect(out).toContain('src/db.ts:2:19')
    expect(out).toContain("2 │ await pool.query('SET search_path = tenant_a')")
    expect(out).toContain('SET LOCAL inside the transaction')
    expect(out).toMatch(/^ {2}helpers {2}withSettings\(\) sets values for one function/m)
    expect(out).toContain('node_modules/@poolsafe/core/docs/rules/session-set.md')
    expect(out).toContain('1 finding in 1 file')
  })

  it('prints no control character of a file, which could write to the terminal', async () => {
    const cwd = writeProject({ 'src/db.ts': 'await pool.query(\'LISTEN "a\u001B[2J\u202E"\')\n' })
    for (const format of ['pretty', 'concise']) {
      const { exitCode, out } = await runCli(['check', '--format', format], { cwd })
      expect(exitCode).toBe(1)
      expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    }
  })

  it('exits with 0 if nothing is found', async () => {
    const cwd = writeProject({ 'src/db.ts': "await pool.query('SELECT 1')" })
    const { exitCode, out } = await runCli(['check'], { cwd })
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^nothing found \(1 file, /)
  })

  it("leaves out Kysely's Migrator in a package without a driver for PostgreSQL", async () => {
    const migrator = "import { Migrator } from 'kysely'\nnew Migrator({ db, provider })\n"
    const cwd = writeProject({
      'server/package.json': '{ "dependencies": { "kysely": "1", "pg": "8" } }',
      'server/src/migrate.ts': migrator,
      'client/package.json': '{ "dependencies": { "kysely": "1" } }',
      'client/src/migrate.ts': migrator,
    })
    const { out } = await runCli(['check', '--format', 'concise'], { cwd })
    expect(out).toContain('server/src/migrate.ts:2')
    expect(out).not.toContain('client/')
  })

  it('prints one line for each finding with --format concise', async () => {
    const cwd = writeProject({ 'src/db.ts': unsafe })
    expect(await runCli(['check', '--format', 'concise'], { cwd })).toMatchObject({
      out: 'src/db.ts:1:19: error: SET search_path stays on a server connection that other clients use next (session/set)\n',
    })
  })

  it.each(formats)('prints no literal of a statement with --format %s', async (format) => {
    const cwd = writeProject({ 'src/db.ts': "await pool.query(`SET app.secret = 'hunter2'`)" })
    if (format === 'pretty') return
    expect((await runCli(['check', '--format', format], { cwd })).out).not.toContain('hunter2')
  })

  it('prints data with --format json', async () => {
    const cwd = writeProject({ 'src/db.ts': unsafe })
    const { out } = await runCli(['check', '--format', 'json'], { cwd })
    expect(JSON.parse(out)).toMatchObject({
      version: 1,
      findings: [{ rule: 'session/set', path: 'src/db.ts', line: 1, column: 19, endLine: 1, level: 'error' }],
      counts: { files: 1, parsed: 1, calls: 1 },
    })
  })

  it('judges for the pooler that is named, or for several', async () => {
    const cwd = writeProject({ 'src/db.ts': "await client.query(`SET intervalstyle = 'iso_8601'`)" })
    expect(await runCli(['check', '--pooler', 'pgbouncer@1.26'], { cwd })).toMatchObject({ exitCode: 0 })
    const { out } = await runCli(['check', '--format', 'json', '--pooler', 'pgbouncer@1.18,pgcat,pgbouncer@1.26'], {
      cwd,
    })
    expect(JSON.parse(out)).toMatchObject({
      findings: [{ poolers: [expect.stringContaining('1.18'), expect.stringContaining('pgcat')] }],
    })
  })

  it('says which pooler the settings name, if none was named', async () => {
    const cwd = writeProject({ '.env.example': 'DATABASE_URL=postgres://a:secret@ep-a-pooler.eu.aws.neon.tech/app' })
    const { out } = await runCli(['check'], { cwd })
    expect(out).toContain('hint  DATABASE_URL in .env.example leads to Neon')
    expect(out).not.toContain('secret')
    expect((await runCli(['check', '--pooler', 'neon'], { cwd })).out).not.toContain('hint')
  })

  it('checks the paths that are named, whatever their names are', async () => {
    const cwd = writeProject({
      'test/db.test.ts': unsafe,
      'examples/a/db.ts': unsafe,
      'demos/a/db.ts': unsafe,
      'src/db.test-setup.ts': unsafe,
      'b.ts': unsafe,
    })
    const pathsOf = async (...args: string[]): Promise<string[]> => {
      const { out } = await runCli(['check', '--format', 'concise', ...args], { cwd })
      return out.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/:.*/, '')]))
    }
    expect(await pathsOf()).toEqual(['b.ts'])
    expect(await pathsOf('--tests')).toEqual([
      'b.ts',
      'demos/a/db.ts',
      'examples/a/db.ts',
      'src/db.test-setup.ts',
      'test/db.test.ts',
    ])
    expect(await pathsOf('test/db.test.ts')).toEqual(['test/db.test.ts'])
    expect(await pathsOf('examples/a')).toEqual(['examples/a/db.ts'])
  })

  it('leaves out what is installed, built or generated', async () => {
    const cwd = writeProject({
      'node_modules/a/b.js': unsafe,
      'dist/b.js': unsafe,
      'src/b.min.js': unsafe,
      'a/generated/b.ts': unsafe,
    })
    expect(await runCli(['check'], { cwd })).toMatchObject({ exitCode: 0 })
  })

  it('follows constants through imports', async () => {
    const cwd = writeProject({
      'src/queries.ts': "export const path = 'SET search_path = a'\nexport const queries = { listen: `LISTEN a` }\n",
      'src/db.ts':
        "import { path as text, queries } from './queries.js'\nawait pool.query(text)\nawait pool.query(queries.listen)\n",
      'src/cycle.ts':
        "import { b } from './cycle.ts'\nexport const b = b\nawait pool.query(b); await pool.query('LISTEN b')\n",
    })
    const { out } = await runCli(['check', '--format', 'concise'], { cwd })
    expect(out.split('\n').map((line) => line.replace(/: .*\(/, ' ('))).toEqual([
      'src/cycle.ts:3:40 (session/listen)',
      'src/db.ts:2:18 (session/set)',
      'src/db.ts:3:18 (session/listen)',
      '',
    ])
  })

  it('follows constants out of the files that are named, changed or on standard input', async () => {
    const using = "import { path } from './queries.js'\nawait pool.query(path)\n"
    const cwd = writeProject({ 'src/queries.ts': "export const path = 'SET search_path = a'\n", 'src/db.ts': using })
    const concise = ['check', '--format', 'concise']
    expect((await runCli([...concise, 'src/db.ts'], { cwd })).out).toMatch(/^src\/db\.ts:2:18/)
    const stdin = await runCli([...concise, '--stdin-filepath', 'src/other.ts'], { cwd, input: using })
    expect(stdin.out).toMatch(/^src\/other\.ts:2:18/)
  })

  it('shows the first places of a rule, and all with --all', async () => {
    const cwd = writeProject({ 'src/db.ts': unsafe.repeat(8) })
    expect((await runCli(['check'], { cwd })).out).toContain('… and 3 more places (--all shows them)')
    expect((await runCli(['check', '--all'], { cwd })).out).not.toContain('more place')
  })
})

describe('the configuration of a check', () => {
  const check = async (config: object, files: Readonly<Record<string, string>>): Promise<string> => {
    const cwd = writeProject({ 'poolsafe.config.json': JSON.stringify(config), ...files })
    return (await runCli(['check', '--format', 'concise'], { cwd })).out
  }

  it('allows a rule, a statement with a reason, and a rule in some files', async () => {
    const files = { 'src/db.ts': unsafe, 'scripts/a.ts': "await pool.query('LISTEN a')" }
    expect(await check({ guard: { rules: { 'session/set': 'allow' } } }, files)).not.toContain('session/set')
    const exceptions = [{ rule: 'session/set', statement: 'SET search_path = ?', reason: 'all sessions alike' }]
    expect(await check({ guard: { exceptions } }, files)).not.toContain('session/set')
    const overrides = [{ files: ['scripts/**'], rules: { 'session/listen': 'allow' } }]
    const out = await check({ check: { overrides } }, files)
    expect(out).toContain('session/set')
    expect(out).not.toContain('session/listen')
  })

  it.each([
    ['unknown', 'note: SET lock_timeout'],
    ['pooled', 'error: SET lock_timeout'],
    ['direct', ''],
  ])('tells migrations over a %s connection as %j', async (connection, message) => {
    const out = await check(
      { check: { migrations: { connection } } },
      { 'prisma/migrations/1_a/migration.sql': "SET lock_timeout = '1s';" },
    )
    expect(out).toContain(message)
    if (message === '') expect(out).toBe('')
  })

  it.each([
    [{ check: { test: true } }, "did you mean 'tests'?"],
    [{ check: { include: 'src' } }, 'check.include must be a list of texts'],
    [{ check: { migrations: { connection: 'pool' } } }, "must be one of 'direct', 'pooled', 'unknown'"],
    [{ check: { overrides: [{ files: ['a'], rules: { 'session/sett': 'allow' } }] } }, "did you mean 'session/set'?"],
  ])('refuses %j', async (config, message) => {
    const cwd = writeProject({ 'poolsafe.config.json': JSON.stringify(config) })
    const { exitCode, err } = await runCli(['check'], { cwd })
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
  })
})

describe('a command line that is wrong', () => {
  it.each([
    [['--format', 'xml'], "there is no format 'xml'"],
    [['--rule', 'session/sett'], "did you mean 'session/set'?"],
    [['--pooler', 'pgbuncer'], "did you mean 'pgbouncer'?"],
    [['missing'], 'there is no file or folder'],
    [['--config', 'missing.json'], 'there is no configuration file'],
  ])('%j', async (args, message) => {
    const { exitCode, err } = await runCli(['check', ...args], { cwd: writeProject({}) })
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
  })
})

describe('files that cannot be checked', () => {
  it('are reported once each, and the rest is checked', async () => {
    const cwd = writeProject({
      'src/db.ts': unsafe,
      'src/broken.ts': "pool.query('LISTEN a'",
      'src/huge.js': 'a'.repeat(1_000_001),
    })
    writeFileSync(join(cwd, 'src/binary.ts'), Buffer.from([1, 0, 2]))
    writeFileSync(join(cwd, 'src/latin1.ts'), Buffer.from([0x27, 0xe9, 0x27]))
    writeFileSync(join(cwd, 'src/utf16.ts'), Buffer.from(`\uFEFF${unsafe}`, 'utf16le'))
    mkdirSync(join(cwd, 'src/loop'))
    writeFileSync(join(cwd, 'src/zero.ts'), `${unsafe} // a separator: \0, and ${'more '.repeat(20)}`)
    symlinkSync('..', join(cwd, 'src/loop/again'), 'dir')
    const { exitCode, out } = await runCli(['check', '--format', 'concise'], { cwd })
    expect(exitCode).toBe(1)
    expect(out.split('\n').map((line) => line.replace(/: (?:SET|Expected|Unexpected).*/, ''))).toEqual([
      'src/db.ts:1:19: error',
      'src/utf16.ts:1:19: error',
      'src/zero.ts:1:19: error',
      'src/binary.ts: not checked: it is binary',
      'src/broken.ts: not checked: it does not parse',
      'src/huge.js: not checked: it has more than 1000000 bytes',
      'src/latin1.ts: not checked: it is not UTF-8',
      '',
    ])
  })

  it('make the exit code 2 if nothing else was there', async () => {
    const cwd = writeProject({ 'src/broken.ts': "pool.query('LISTEN a'" })
    expect(await runCli(['check'], { cwd })).toMatchObject({ exitCode: 2 })
  })
})
