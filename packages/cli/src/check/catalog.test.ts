import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shopCatalog } from '../../../../test/support/catalog.ts'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../test/support/cli/project.ts'

const catalog = JSON.stringify(shopCatalog)

/** The lines of the findings in each file. */
async function checked(files: Readonly<Record<string, string>>, ...args: string[]): Promise<unknown> {
  const cwd = writeProject({ 'c.json': catalog, ...files })
  const { out, err } = await runCli(['check', '--format', 'json', ...args], { cwd })
  if (err !== '') throw new Error(err)
  const { findings } = JSON.parse(out) as { findings: { path: string; line: number; via?: string[] }[] }
  return findings.map(({ path, line, via }) => `${path}:${line} ${via?.[0] ?? ''}`)
}

const code = `await pool.query('UPDATE orders SET id = 1')
await pool.query('INSERT INTO orders (id) VALUES ($1)', [1])
await pool.query(\`SELECT
  hide_set(), \${1}\`)
await pool.query("SELECT 1\\nFROM hide_set()")
await pool.query('SELECT 1 AS n')
`

describe('check with a catalog', () => {
  it('finds statements that run the code', async () => {
    expect(await checked({ 'src/a.ts': code }, '--catalog', 'c.json')).toEqual([
      'src/a.ts:2 INSERT INTO public.orders',
      'src/a.ts:3 public.hide_set()',
      'src/a.ts:5 public.hide_set()',
    ])
  })

  it('finds nothing there without one', async () => {
    expect(await checked({ 'src/a.ts': code })).toEqual([])
  })

  it('takes that of the configuration, relative to its file', async () => {
    const config = JSON.stringify({ guard: { catalog: '../c.json' } })
    expect(await checked({ 'src/a.ts': code, 'conf/p.json': config }, '--config', 'conf/p.json')).toHaveLength(3)
  })

  it('reads scripts and constants of other files', async () => {
    const found = await checked(
      {
        'db/migrations/1.sql': 'CREATE TABLE t (id int);\nINSERT INTO orders VALUES (1);\n',
        'src/queries.ts': "export const hidden = 'SELECT hide_set()'\n",
        'src/b.ts': "import { hidden } from './queries.ts'\nawait pool.query(hidden)\n",
      },
      '--catalog',
      'c.json',
    )
    expect(found).toEqual(['db/migrations/1.sql:2 INSERT INTO public.orders', 'src/b.ts:2 public.hide_set()'])
  })

  it('follows texts into helpers of other files, and finds parts of statements', async () => {
    const found = await checked(
      {
        'src/helpers.ts': 'export const runIt = (text: string) => pool.query(text)\n',
        'src/a.ts':
          "import { runIt } from './helpers'\nawait runIt('SELECT hide_set()')\nquery.where('hide_set() IS NOT NULL')\n",
      },
      '--catalog',
      'c.json',
    )
    expect(found).toEqual(['src/a.ts:2 public.hide_set()', 'src/a.ts:3 public.hide_set()'])
  })

  it('repairs the text, and never what the database does', async () => {
    const source =
      "export async function up(db) { await sql`SET lock_timeout = '1s'`.execute(db); await sql`SELECT hide_set()`.execute(db) }"
    const cwd = writeProject({ 'c.json': catalog, 'src/migrations/1_a.ts': source })
    await runCli(['check', '--catalog', 'c.json', '--fix'], { cwd })
    expect(readFileSync(join(cwd, 'src/migrations/1_a.ts'), 'utf8')).toBe(source.replace('SET lock', 'SET LOCAL lock'))
  })

  it.each([
    ['missing.json', 'it cannot be read (ENOENT)'],
    ['package.json', 'this is something else'],
  ])('refuses %s', async (name, message) => {
    const cwd = writeProject({ 'package.json': '{}' })
    const { exitCode, err } = await runCli(['check', '--catalog', name], { cwd })
    expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringContaining(message) as string })
  })
})

describe('explain with a catalog', () => {
  it('names the chain', async () => {
    const cwd = writeProject({ 'c.json': catalog })
    const { out, exitCode } = await runCli(['explain', '--catalog', 'c.json', 'INSERT INTO orders VALUES (1)'], { cwd })
    expect(exitCode).toBe(1)
    expect(out).toContain('INSERT INTO public.orders → trigger stamp → public.stamp()')
  })

  it('takes that of the configuration', async () => {
    const cwd = writeProject({})
    writeFileSync(join(cwd, 'c.json'), catalog)
    writeFileSync(join(cwd, 'poolsafe.config.json'), JSON.stringify({ guard: { catalog: 'c.json' } }))
    const { exitCode } = await runCli(['explain', 'SELECT hide_set()'], { cwd })
    expect(exitCode).toBe(1)
  })
})
