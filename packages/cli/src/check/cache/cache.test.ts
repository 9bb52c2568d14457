import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../../test/support/cli/project.ts'
import { usualCacheFolder } from './scan-cache.ts'

const files = {
  'src/a.ts': "await pool.query('SET search_path = a')\n",
  'src/b.ts': 'export const b = 1\n',
  'src/run.ts': "import { text } from './texts'\nawait pool.query(text)\n",
  'src/texts.ts': "export const text = 'LISTEN a'\n",
  'src/tag.ts': 'await db.statement`LISTEN a`\n',
  'db/1.sql': 'SELECT 1;\n',
}

interface Report {
  readonly findings: readonly { readonly path: string; readonly rule: string }[]
  readonly counts: { readonly files: number }
}

/** Runs check with a cache, and without one. Both must find the same. Returns it in lines. */
async function check(cwd: string, ...more: readonly string[]): Promise<string[]> {
  const run = async (...args: readonly string[]): Promise<Report> => {
    const { out, err } = await runCli(['check', '--format', 'json', ...args, ...more], { cwd })
    expect(err).toBe('')
    return JSON.parse(out) as Report
  }
  const cached = await run('--cache-location', '.cache')
  const fresh = await run('--no-cache')
  expect({ ...cached, millis: 0 }).toEqual({ ...fresh, millis: 0 })
  return cached.findings.map(({ path, rule }) => `${path} ${rule}`)
}

const all = ['src/a.ts session/set', 'src/run.ts session/listen']

/** A project that was checked. Its files are older than the tick of a clock, so their times count. */
async function checkedProject(): Promise<string> {
  const cwd = writeProject(files)
  expect(await check(cwd)).toEqual(all)
  return cwd
}

/** The changes between two checks, with the findings that depend on them. */
const changes: Readonly<Record<string, readonly [change: (cwd: string) => void, findings: readonly string[]]>> = {
  'a file with a finding': [
    (cwd) => writeFileSync(join(cwd, 'src/a.ts'), "await pool.query('SELECT 1')\n"),
    ['src/run.ts session/listen'],
  ],
  'a file that had nothing': [
    (cwd) => writeFileSync(join(cwd, 'src/b.ts'), "await pool.query('LISTEN b')\n"),
    ['src/a.ts session/set', 'src/b.ts session/listen', 'src/run.ts session/listen'],
  ],
  'a file, with the same size and time': [
    (cwd) => {
      const path = join(cwd, 'src/a.ts')
      const { atime, mtime } = statSync(path)
      writeFileSync(path, "await pool.query('LISTEN abcdefghijklm')\n".padEnd(statSync(path).size))
      utimesSync(path, atime, mtime)
    },
    ['src/a.ts session/listen', 'src/run.ts session/listen'],
  ],
  'a constant that another file imports': [
    (cwd) => writeFileSync(join(cwd, 'src/texts.ts'), "export const text = 'SELECT 1'\n"),
    ['src/a.ts session/set'],
  ],
  'the file that an import means': [
    (cwd) => {
      writeFileSync(join(cwd, 'src/texts.js'), "export const text = 'RESET ALL'\n")
      rmSync(join(cwd, 'src/texts.ts'))
    },
    ['src/a.ts session/set', 'src/run.ts session/set'],
  ],
  'a new file': [
    (cwd) => writeFileSync(join(cwd, 'db/2.sql'), 'SET search_path = a;\n'),
    ['db/2.sql session/set', ...all],
  ],
  'a file that is gone': [(cwd) => rmSync(join(cwd, 'src/a.ts')), ['src/run.ts session/listen']],
  'the name of a file': [
    (cwd) => renameSync(join(cwd, 'src/a.ts'), join(cwd, 'src/c.ts')),
    ['src/c.ts session/set', 'src/run.ts session/listen'],
  ],
  'a file that Git ignores, and others import': [
    (cwd) => {
      writeFileSync(join(cwd, 'src/texts.ts'), "export { text } from './generated/texts'\n")
    },
    ['src/a.ts session/set'],
  ],
  'only the time of a file': [(cwd) => utimesSync(join(cwd, 'src/a.ts'), 1, 1), all],
  'the configuration': [
    (cwd) => writeFileSync(join(cwd, 'poolsafe.config.json'), '{"guard":{"rules":{"session/set":"allow"}}}'),
    ['src/run.ts session/listen'],
  ],
  'the templates that make SQL': [
    (cwd) => writeFileSync(join(cwd, 'poolsafe.config.json'), '{"check":{"tags":["db.statement"]}}'),
    [...all, 'src/tag.ts session/listen'],
  ],
}

describe('check --cache', () => {
  it.each(Object.entries(changes))('sees a change of %s', async (_, [change, findings]) => {
    const cwd = await checkedProject()
    change(cwd)
    expect(await check(cwd)).toEqual(findings)
    expect(await check(cwd)).toEqual(findings)
  })

  it('sees a change of a file that is not checked itself', async () => {
    const cwd = writeProject({
      'src/run.ts': "import { text } from './generated/texts'\nawait pool.query(`LISTEN a`)\nawait pool.query(text)\n",
      'src/generated/texts.ts': "export const text = 'SELECT 1'\n",
    })
    expect(await check(cwd)).toEqual(['src/run.ts session/listen'])
    writeFileSync(join(cwd, 'src/generated/texts.ts'), "export const text = 'LISTEN b'\n")
    expect(await check(cwd)).toEqual(['src/run.ts session/listen', 'src/run.ts session/listen'])
    rmSync(join(cwd, 'src/generated'), { recursive: true })
    expect(await check(cwd)).toEqual(['src/run.ts session/listen'])
  })

  it.each([
    ['the poolers', ['--pooler', 'pgbouncer@1.24'], all],
    ['the rules', ['--rule', 'session/set'], ['src/a.ts session/set']],
    ['the paths', ['src/a.ts'], ['src/a.ts session/set']],
  ])('sees other arguments: %s', async (_, args, findings) => {
    const cwd = await checkedProject()
    expect(await check(cwd, ...args)).toEqual(findings)
    expect(await check(cwd)).toEqual(all)
  })

  it.each([
    ['broken', 'not a cache'],
    ['empty', ''],
    ['cut', undefined],
    ['of another tool', '{"version":1,"files":{}}'],
  ])('ignores and replaces a cache that is %s', async (_, text) => {
    const cwd = await checkedProject()
    const path = join(cwd, '.cache/check.json')
    const written = readFileSync(path, 'utf8')
    writeFileSync(path, text ?? written.slice(0, -10))
    expect(await check(cwd)).toEqual(all)
    expect(readFileSync(path, 'utf8').length).toBe(written.length)
  })

  it('ignores a cache with other content than it was written with', async () => {
    const cwd = await checkedProject()
    const path = join(cwd, '.cache/check.json')
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('session/set', 'session/xyz'))
    expect(await check(cwd)).toEqual(all)
  })

  it('checks all the same if the cache cannot be written', async () => {
    const cwd = writeProject({ ...files, blocked: '' })
    const { exitCode, err } = await runCli(['check', '--cache-location', 'blocked/folder'], { cwd })
    expect(exitCode).toBe(1)
    expect(err).toContain('--cache: the result was not kept')
  })

  it('keeps the cache where linters do', async () => {
    const cwd = writeProject({ ...files, 'node_modules/a/index.js': '' })
    await runCli(['check', '--cache'], { cwd })
    expect(existsSync(join(cwd, 'node_modules/.cache/poolsafe/check.json'))).toBe(true)
    expect(usualCacheFolder(join(cwd, 'src'))).toBe(join(cwd, 'node_modules/.cache/poolsafe'))
  })

  it('writes nothing without --cache', async () => {
    const cwd = writeProject({ ...files, 'node_modules/a/index.js': '' })
    await runCli(['check'], { cwd })
    expect(existsSync(join(cwd, 'node_modules/.cache'))).toBe(false)
  })

  it('refuses flags that contradict each other', async () => {
    const { exitCode, err } = await runCli(['check', '--no-cache', '--cache-location', 'a'], { cwd: writeProject({}) })
    expect({ exitCode, err }).toEqual({
      exitCode: 2,
      err: 'error: --cache-location needs the cache: leave out --no-cache\n',
    })
  })
})
