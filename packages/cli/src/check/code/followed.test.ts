import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../test/support/cli/fake-terminal.ts'
import { findingsIn } from '../../../../../test/support/cli/findings-in.ts'
import { writeProject } from '../../../../../test/support/cli/project.ts'

/** Texts that are put together, or kept elsewhere, with the line that has the finding. */
const followed: Readonly<Record<string, readonly [source: string, line: number]>> = {
  'a sum in steps': ["let q = 'SET search_path'\nq += ' = a'\nawait pool.query(q)", 1],
  'a step in a condition': ["let q = 'SELECT 1;'\nif (b) q += 'SET search_path = a'\nawait pool.query(q)", 2],
  'a variable that is set later': ["let q\nq = 'SET search_path = a'\nawait pool.query(q)", 2],
  'a variable that is changed': [
    "let q = 'SET search_path = a'\nif (b) q = q.replaceAll('a', b)\nawait pool.query(q)",
    1,
  ],
  'a switch': [
    "let q\nswitch (k) { case 1: q = 'SELECT 1'; break; default: q = 'SET search_path = a' }\nawait pool.query(q)",
    2,
  ],
  'a list that is joined': ["const parts = ['SET search_path', '= a']\nawait pool.query(parts.join(' '))", 1],
  'a list that grows': [
    "const parts: string[] = []\nparts.push('SET search_path')\nparts.push('= a')\nawait pool.query(parts.join(' '))",
    2,
  ],
  'a static field': ["class Q { static readonly path = 'SET search_path = a' }\nawait pool.query(Q.path)", 1],
  'a field': ["class Q { readonly #q = 'SET search_path = a'\nrun() { return this.pool.query(this.#q) } }", 1],
  'an enum': ["enum Q { Path = 'SET search_path = a' }\nawait pool.query(Q.Path)", 1],
  'a frozen map': ["const Q = Object.freeze({ path: 'SET search_path = a' })\nawait pool.query(Q.path)", 1],
  'any text of a map': ["const Q = { one: 'SELECT 1', path: 'SET search_path = a' }\nawait pool.query(Q[key])", 1],
  'a loop over texts': ["for (const q of ['SELECT 1', 'SET search_path = a'])\n  await pool.query(q)", 1],
  'a loop over the texts of a map': [
    "const Q = { path: 'SET search_path = a' }\nfor (const q of Object.values(Q)) await pool.query(q)",
    1,
  ],
  'texts that are mapped': ["const all = ['SET search_path = a']\nawait Promise.all(all.map((q) => pool.query(q)))", 1],
  'a function that returns the text': [
    'const setPath = (schema: string) => `SET search_path = ${schema}`\nawait pool.query(setPath(a))',
    1,
  ],
  'a function that returns a template': [
    'function setPath(schema) {\n  if (!schema) return sql`SELECT 1`\n  return sql`SET search_path = ${schema}`\n}\nawait db.execute(setPath(a))',
    3,
  ],
  'a method that returns the text': [
    'class A { path(a) { return `SET search_path = ${a}` }\nrun() { return this.pool.query(this.path(b)) } }',
    1,
  ],
  'concat and replace': ["await pool.query('SET search_path'.concat(' = X').replace('X', a))", 1],
  'pg-format': ["await pool.query(format('SET search_path = %I', schema))", 1],
  'sql under another name': ["import { sql as q } from 'kysely'\nawait q`SET search_path = a`.execute(db)", 2],
  'Prisma under another name': [
    "import { Prisma as P } from '@prisma/client'\nawait prisma.$executeRaw(P.sql`SET search_path = a`)",
    2,
  ],
  'sql as a default export': ["import q from 'sql-template-tag'\nawait pool.query(q`SET search_path = a`)", 2],
  'typeAlias of Slonik': ["await pool.query(sql.typeAlias('void')`SET search_path = a`)", 1],
  'a function that sends its text': [
    "const run = (text: string) => pool.query(text)\nawait run('SET search_path = a')",
    2,
  ],
  'a method that sends its text': [
    "class A { async exec(text, values = []) { const c = await this.pool.connect(); return c.query({ text, values }) }\nrun() { return this.exec('SET search_path = a') } }",
    2,
  ],
  'a constant that a function sends': [
    "const send = (db: Pool, text: string) => db.query(text)\nconst prefix = b ? 'SET search_path = a;' : ''\nconst text = `${prefix}${q}`\nawait send(pool, text)",
    2,
  ],
  'a reserved connection as a tag': ['const own = await sql.reserve()\nawait own`SET search_path = a`', 2],
  'a transaction as a tag': ['await pg.begin(async (own) => {\nawait own`SET search_path = a` })', 2],
  'a compiled template': ['await db.executeQuery(sql`SET search_path = a`.compile(db))', 1],
  'a text with the mark of editors': ['await run(/* sql */ `SET search_path = a`)', 1],
}

describe('a text is followed:', () => {
  it.each(Object.entries(followed))('%s', (_, [source, line]) => {
    expect(findingsIn(source)).toEqual([`${line} session/set`])
  })

  it('with the number of a parameter in a hole', () => {
    expect(
      findingsIn(
        'const list = []\nlist.push(`set_config($${n}, $${n + 1}, false)`)\nclient.query(`SELECT ${list.join()}`)',
      ),
    ).toEqual(['3 session/set-config'])
  })

  it.each([
    "conn.executeRaw('SELECT pg_advisory_lock(1)', [])",
    "createQueryBuilder().select('pg_advisory_lock(1)').getRawOne()",
    "knex('a').whereRaw('pg_try_advisory_lock(?)', [1])",
    "db.selectNoFrom((eb) => eb.fn('pg_advisory_lock', [eb.val(1)]).as('lock'))",
  ])('a function in a query builder: %s', (source) => {
    expect(findingsIn(source)).toEqual(['1 session/advisory-lock'])
  })
})

const silent: Readonly<Record<string, string>> = {
  'a change behind the statement': "let q = 'SELECT 1'\nawait pool.query(q)\nq = 'SET search_path = a'",
  'a function that does not send its text': "const log = (text) => console.log(text)\nlog('SET search_path = a')",
  'a function that sends another text':
    "const run = (label, text) => pool.query(text)\nrun('SET search_path = a', 'SELECT 1')",
  'a text inside a transaction of the function':
    "const run = (text) => db.transaction(async (tx) => { await tx.query(text) })\nrun('SET LOCAL work_mem = 1')",
  'both sides of one condition':
    "await pool.query(`${isDry ? 'BEGIN;' : ''} UPDATE a SET b = 1; ${isDry ? 'ROLLBACK;' : ''}`)",
  'a mark in front of a part': "parts.push(/* sql */ `SET name = 'a'`)\nconst set = /* sql */ `SET name = 'a'`",
  'a local set_config of Kysely':
    "db.selectNoFrom((eb) => eb.fn('set_config', [eb.val('a.b'), eb.val(c), eb.lit(true)]))",
  'a column of that name': "qb.select('currval')\nqb.where('a.set_config = 1')",
  'functions that call each other':
    'function f(n) { return `${f(n - 1)} ${f(n - 2)} ${f(n - 3)} ${f(n - 4)}` }\npool.query(f(1)); pool.query(`SELECT ${a}`)',
  'a text that refers to itself':
    'const a = `${b}`\nconst b = `SET ${a}`\nfunction f() { return f() }\npool.query(f())',
}

describe('nothing is found in', () => {
  it.each(Object.entries(silent))('%s', (_, source) => {
    expect(findingsIn(source)).toEqual([])
  })
})

describe('texts of other files', () => {
  const use = (importing: string, text: string): string => `${importing}\nawait pool.query(${text})\n`

  it.each([
    ['a star', "export * from './queries'", "import { path } from './db'", 'path'],
    ['a star with a name', "export * as queries from './queries'", "import { queries } from './db'", 'queries.path'],
    ['another name', "export { path as setPath } from './queries'", "import { setPath } from './db'", 'setPath'],
    ['an import', "import { path } from './queries'\nexport { path }", "import { path } from './db'", 'path'],
  ])('are followed through %s', async (_, passing, importing, text) => {
    const cwd = writeProject({
      'src/db/queries.ts': "export const path = 'SET search_path = a'\n",
      'src/db/index.ts': `${passing}\n`,
      'src/run.ts': use(importing, text),
    })
    const { out } = await runCli(['check', '--format', 'concise'], { cwd })
    expect(out).toContain('src/run.ts:2')
  })

  it.each([
    ['a default export', "export default { path: 'SET search_path = a' }", "import q from './queries'", 'q.path'],
    ['a namespace', "export const path = 'SET search_path = a'", "import * as q from './queries'", 'q.path'],
    ['an enum', "export enum Q { path = 'SET search_path = a' }", "import { Q } from './queries'", 'Q.path'],
    ['a class', "export class Q { static path = 'SET search_path = a' }", "import { Q } from './queries'", 'Q.path'],
    [
      'a function',
      'export const path = (a) => `SET search_path = ${a}`',
      "import { path } from './queries'",
      'path(b)',
    ],
    [
      'module.exports',
      "module.exports = { path: 'SET search_path = a' }",
      "const { path } = require('./queries')",
      'path',
    ],
    ['exports', "exports.path = 'SET search_path = a'", "const q = require('./queries')", 'q.path'],
  ])('are followed into %s', async (_, source, importing, text) => {
    const cwd = writeProject({ 'src/queries.ts': `${source}\n`, 'src/run.ts': use(importing, text) })
    const { out } = await runCli(['check', '--format', 'concise'], { cwd })
    expect(out).toContain('src/run.ts:2')
  })

  it('are sent by a function of another file', async () => {
    const cwd = writeProject({
      'src/query.ts': 'export const query = (text: string) => pool.query(text)\n',
      'src/run.ts': "import { query } from './query'\nawait query('SET search_path = a')\n",
    })
    const { out } = await runCli(['check', '--format', 'concise'], { cwd })
    expect(out).toContain('src/run.ts:2')
  })
})
