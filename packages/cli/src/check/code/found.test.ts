import { describe, expect, it } from 'vitest'
import { findingsIn } from '../../../../../test/support/cli/findings-in.ts'

/** Each construct with a statement that stays on the session; the finding is in the line that has `SET` or `LISTEN`. */
const constructs: Readonly<Record<string, string>> = {
  'node-postgres, pool.query': "await pool.query('SET search_path = a')",
  'node-postgres, a held client': "const client = await pool.connect()\nawait client.query('SET search_path = a')",
  'node-postgres, this.pool': 'class A { run() { return this.pool.query(`SET search_path = a`) } }',
  'node-postgres, a query object': "await client.query({ text: 'SET search_path = a', values: [] })",
  'node-postgres, a constant query object': "const q = { text: 'SET search_path = a' }\nawait client.query(q)",
  'pg-cursor': "client.query(new Cursor('SET search_path = a'))",
  'Prisma, $executeRaw': 'await prisma.$executeRaw`SET search_path = a`',
  'Prisma, $executeRawUnsafe': "await prisma.$executeRawUnsafe('SET search_path = a')",
  'Prisma, $executeRaw with Prisma.sql': 'await prisma.$executeRaw(Prisma.sql`SET search_path = a`)',
  'Prisma, inside a transaction':
    'await prisma.$transaction(async (tx) => { await tx.$executeRaw`SET search_path = a` })',
  'Kysely, sql.execute': "import { sql } from 'kysely'\nawait sql`SET search_path = a`.execute(db)",
  'Kysely, sql.raw': "await sql.raw('SET search_path = a').execute(db)",
  'Kysely, executeQuery': "await db.executeQuery(CompiledQuery.raw('SET search_path = a'))",
  'Kysely, a constant': 'const q = sql`SET search_path = a`\nawait q.execute(db)',
  'Drizzle, db.execute': 'await db.execute(sql`SET search_path = a`)',
  'Drizzle, a text': "await db.execute('SET search_path = a')",
  'TypeORM, dataSource.query': "await dataSource.query('SET search_path = a')",
  'TypeORM, queryRunner.query': "await queryRunner.query('SET search_path = a')",
  'TypeORM, manager.query': "await this.entityManager.query('SET search_path = a')",
  'Knex, knex.raw': "await knex.raw('SET search_path = a')",
  'Sequelize, sequelize.query': "await sequelize.query('SET search_path = a')",
  'MikroORM, em.execute': "await em.execute('SET search_path = a')",
  'postgres.js, a client as a tag': 'const pg = postgres(url)\nawait pg`SET search_path = a`',
  'postgres.js, unsafe': "await sql.unsafe('SET search_path = a')",
  'postgres.js, a transaction': 'await sql.begin((sql) => [sql`SET search_path = a`])',
  'Slonik, pool.query': 'await pool.query(sql.unsafe`SET search_path = a`)',
  'pg-promise, db.none': "await db.none('SET search_path = a')",
  'node-pg-migrate, pgm.sql': "pgm.sql('SET search_path = a')",
  'the client as the first argument': "await query(client, 'SET search_path = a')",
  'the client as the first argument of a method': 'await this.query(dbhan, `SET search_path = a`)',
  'types of Flow':
    "// @flow\nimport type { A } from './a'\nclass B { pool: any; run(a: string) { return this.pool.query('SET search_path = a') } }",
  'behind an escaped line end': String.raw`await pool.query('SELECT 1;\nSET search_path = a')`,
  'behind an escaped tab': String.raw`await pool.query('\tSET search_path = a')`,
  'behind a comment in the text': 'await pool.query(`/* a */ SET search_path = a`)',
  'a concatenation': "await pool.query('SET search_path' + ' = ' + schema)",
  'a template with a hole': 'await pool.query(`SET search_path = ${schema}`)',
  'a hole inside quotes': "await pool.query(`SET statement_timeout = '${seconds}s'`)",
  'a hole behind a number': 'await pool.query(`SET statement_timeout = ${seconds}000`)',
  'a constant': "const text = 'SET search_path = a'\nawait pool.query(text)",
  'a property of a constant':
    "const queries = { path: 'SET search_path = a' } as const\nawait pool.query(queries.path)",
  'a condition': "await pool.query(isTenant ? 'SET search_path = a' : 'SELECT 1')",
  'lines that are joined': "await pool.query(['SET search_path', '= a'].join(' '))",
  'a layout tag': 'await pool.query(dedent`\n  SET search_path = a\n`)',
  'JSX around it': "export const A = () => <a onClick={() => pool.query('SET search_path = a')} />",
  'a decorated class':
    "@Injectable()\nclass A { @Cron('* * * * *') run() { return this.db.query('SET search_path = a') } }",
  'TypeScript that only types have': "await (pool as unknown as Pool).query!('SET search_path = a' satisfies string)",
}

describe('a statement is found', () => {
  it.each(Object.entries(constructs))('%s', (name, source) => {
    const line =
      source.split('\n').findIndex((text) => text.includes('SET search_path') || text.includes('SET statement')) + 1
    const extension = name.startsWith('JSX') ? 'tsx' : name === 'types of Flow' ? 'js' : 'ts'
    const path = `src/a.${extension}`
    const [found = '', ...more] = findingsIn(source, { path })
    expect(more).toEqual([])
    expect(found).toMatch(/^\d+ session\/set$/)
    // A constant is reported where its text stands.
    if (name !== 'a layout tag') expect(found).toBe(`${line} session/set`)
  })

  it('in .mts, .cts, .js and .jsx', () => {
    for (const extension of ['mts', 'cts', 'mjs', 'cjs', 'js', 'jsx'])
      expect(findingsIn("pool.query('LISTEN a')", { path: `src/a.${extension}` })).toEqual(['1 session/listen'])
  })

  it('with a tag that the configuration names', () => {
    const source = 'await gateway.run`LISTEN a`'
    expect(findingsIn(source)).toEqual([])
    expect(findingsIn(source, { tags: ['gateway.run'] })).toEqual(['1 session/listen'])
  })

  it('as a function in a fragment', () => {
    expect(findingsIn('const locked = sql`pg_try_advisory_lock(${id})`')).toEqual(['1 session/advisory-lock'])
    expect(findingsIn('query.where(sql`pg_try_advisory_lock(${id})`)')).toEqual(['1 session/advisory-lock'])
  })

  it('as a named statement', () => {
    expect(findingsIn("const name = 'x'; pool.query({ name, text: 'SELECT set_config($1, $2, true)' })")).toContain(
      '1 session/named-statement',
    )
  })

  it('at its own line in a text of several statements', () => {
    expect(findingsIn('await pool.query(`\n  SELECT 1;\n  LISTEN a;\n`)')).toEqual(['3 session/listen'])
  })

  it('in a text that is too long for one parse', () => {
    const text = `${'SELECT 1;\n'.repeat(30_000)}LISTEN a;`
    expect(findingsIn(`await client.query(\`${text}\`)`)).toEqual(['30001 session/listen'])
  })

  it('once, if templates stand inside each other', () => {
    expect(findingsIn('await db.execute(sql`SELECT ${sql`pg_advisory_lock(${id})`}`)')).toEqual([
      '1 session/advisory-lock',
    ])
  })
})

/** Each a look-alike that must stay silent. */
const silent: Readonly<Record<string, string>> = {
  'words of a user interface':
    "const labels = ['Reset Password', 'Close dialog', 'Move up', 'Execute Flow', 'Set role', 'Load more']",
  'a button': "<Button onClick={() => reset('password')}>Reset password</Button>",
  'an argument of another call':
    "t('Reset password'); toast.error('Fetch failed'); logger.info('LISTEN orders'); throw new Error('LISTEN a')",
  'a GraphQL query': 'client.query({ query: gql`query { load more }` })',
  'a text behind a URL': "run(url, 'SET search_path = a')",
  'words behind a dialog': "this.execute(dialog, 'Reset password')",
  'commands of another kind':
    "redisDb.execute('SET a TO b'); graphqlClient.query('reset all'); neo4jSession.execute('SET a = 1')",
  'a query of another library': "queryClient.query({ text: label, name: 'reset' })",
  'SET LOCAL in a transaction of Prisma':
    'prisma.$transaction(async (tx) => { await tx.$executeRaw`SET LOCAL work_mem = 1` })',
  'SET LOCAL in an array of $transaction': 'prisma.$transaction([prisma.$executeRaw`SET LOCAL work_mem = 1`])',
  'SET LOCAL in a transaction of Kysely':
    'db.transaction().setIsolationLevel(level).execute(async (trx) => { await sql`SET LOCAL work_mem = 1`.execute(trx) })',
  'SET LOCAL in a transaction of Drizzle':
    'db.transaction(async (tx) => { await tx.execute(sql`SET LOCAL work_mem = 1`) })',
  'SET LOCAL in a transaction of TypeORM':
    "dataSource.transaction(async (m) => { await m.query('SET LOCAL work_mem = 1') })",
  'SET LOCAL in a transaction of Knex': "knex.transaction(async (trx) => { await trx.raw('SET LOCAL work_mem = 1') })",
  'SET LOCAL with an option of Sequelize': "sequelize.query('SET LOCAL work_mem = 1', { transaction })",
  'SET LOCAL behind BEGIN':
    "await client.query('BEGIN')\nawait client.query('SET LOCAL work_mem = 1')\nawait client.query('COMMIT')",
  'SET LOCAL behind BEGIN and a possible ROLLBACK':
    "await pool.query('SELECT 1')\nconst c = await pool.connect()\nawait c.query('BEGIN')\ntry { await c.query('SET LOCAL work_mem = 1'); await c.query('COMMIT') } catch { await c.query('ROLLBACK') }",
  'SET LOCAL behind startTransaction':
    "await queryRunner.startTransaction()\nawait queryRunner.query('SET LOCAL work_mem = 1')",
  'SET LOCAL with a client that is given':
    "async function run(client: PoolClient) { await client.query('SET LOCAL work_mem = 1') }",
  'SET LOCAL with a database that may be a transaction':
    'async function run(db: Kysely<DB>) { await sql`SET LOCAL work_mem = 1`.execute(db) }',
  'SET LOCAL with a transaction or a database':
    'const executor = trx ?? this.db\nawait sql`SET LOCAL work_mem = 1`.execute(executor)',
  'SET LOCAL in a transactional method': '@Transactional()\nasync run() {}\n'
    .replace('async run() {}', "async run() { await this.db.query('SET LOCAL work_mem = 1') }")
    .replace(/^/, 'class A { ')
    .concat(' }'),
  'BEGIN on a held client': "const client = await pool.connect()\nawait client.query('BEGIN')",
  'an xact lock in a transaction':
    'prisma.$transaction(async (tx) => { await tx.$queryRaw`SELECT pg_advisory_xact_lock(${id})` })',
  'set_config that is local': "await tx.$executeRaw`SELECT set_config('app.tenant', ${tenant}, true)`",
  'set_config with a value made of parts':
    "await tx.execute(sql`select set_config('lock_timeout', ${`${ms}ms`}, true)`)",
  'set_config with a constant':
    "const isLocal = true\nawait tx.execute(sql`select set_config('a.b', ${v}, ${isLocal})`)",
  'SET of an UPDATE as a fragment':
    'const assignments = sql`SET name = ${name}`\nawait db.execute(sql`UPDATE users ${assignments}`)',
  'SET of an UPDATE in a list': 'parts.push(sql`SET name = ${name}`)',
  'a comment': "// pool.query('LISTEN a')\n/* SET search_path = a */",
  'a literal in SQL': "await pool.query(`SELECT 'LISTEN a', 'SET search_path = b'`)",
  'a text of MySQL': "import mysql from 'mysql2'\nawait connection.query('SET foreign_key_checks = 0')",
  'a driver of SQLite': "import Database from 'better-sqlite3'\ndb.query('CREATE TEMP TABLE a (b)')",
  'a direct client':
    "const client = new Client({ connectionString: process.env.DIRECT_URL })\nawait client.query('LISTEN a')",
  'a direct client by a constant':
    "const url = process.env.DATABASE_URL_UNPOOLED\nconst client = new pg.Client(url)\nawait client.query('LISTEN a')",
  'a text that is only a hole': 'await pool.query(`${text}`)\nawait pool.query(`LISTENERS ${a}`)',
  'setTimeout and friends': "setTimeout(() => {}, 1); set('a', 1); lock('b'); load('c'); begin()",
}

describe('nothing is found in', () => {
  it.each(Object.entries(silent))('%s', (name, source) => {
    expect(findingsIn(source, { path: name === 'a button' ? 'src/a.tsx' : 'src/a.ts' })).toEqual([])
  })

  it('files for other databases', () => {
    for (const path of [
      'src/mysql/lock.ts',
      'src/drivers/sqlite.ts',
      'src/cockroachdb/driver.ts',
      'src/clickhouse/set.ts',
    ])
      expect(findingsIn("db.query('SET a = 1')", { path })).toEqual([])
  })
})

describe('the context of a statement', () => {
  it.each([
    ["pool.query('SET LOCAL work_mem = 1')", ['1 transaction/set-local']],
    ["pool.query('BEGIN')", ['1 transaction/unpinned']],
    ['prisma.$executeRaw`SET LOCAL work_mem = 1`', ['1 transaction/set-local']],
    ['this.prisma.$queryRaw`SELECT pg_advisory_xact_lock(1)`', ['1 transaction/lock-outside']],
    [
      'db.connection().execute(async (c) => { await sql`SET LOCAL work_mem = 1`.execute(c) })',
      ['1 transaction/set-local'],
    ],
    [
      "await client.query('BEGIN')\nawait client.query('COMMIT')\nawait pool.query('SET LOCAL work_mem = 1')",
      ['3 transaction/set-local'],
    ],
    [
      "const pool = new Pool()\npool.query('CREATE TEMP TABLE a (b int) ON COMMIT DROP')",
      ['2 transaction/on-commit-drop'],
    ],
  ])('%j', (source, expected) => {
    expect(findingsIn(source)).toEqual(expected)
  })
})

describe('a text that cannot be judged', () => {
  it('is a note if its fixed part has a word of session state', () => {
    expect(findingsIn('pool.query(`SET ${scope} work_mem TO ${a} ${b} ${c}`)')).toEqual(['note 1 statement/undecided'])
  })

  it('is silent otherwise', () => {
    expect(findingsIn("pool.query(`SELECT ${a} FRM b WHERE`); pool.query('LISTEN a')")).toEqual(['1 session/listen'])
  })
})

describe('names', () => {
  it('in another function are not those here', () => {
    expect(findingsIn("function a(db) {}\nconst q = () => db.query('LISTEN a')")).toEqual(['2 session/listen'])
  })
})

describe('a file that is nested too deeply', () => {
  it.each([
    ['brackets', '['.repeat(20_000) + ']'.repeat(20_000)],
    ['conditions', `${'a ? b : '.repeat(20_000)}c`],
    ['else if', `${'if (a) {} else '.repeat(20_000)}{}`],
    ['arrow functions', `${'a => '.repeat(20_000)}a`],
    ['a sum', `${'a + '.repeat(20_000)}a`],
  ])('is reported: %s', (_, nested) => {
    expect(findingsIn(`pool.query('LISTEN a');${nested}`)).toEqual([expect.stringContaining('nested too deeply')])
  })

  it('is checked if it was made small, with the same names in thousands of functions', () => {
    const many = 'function f(t,e){t=t||{};e=g(t);return t.query(e)}'.repeat(2_000)
    expect(findingsIn(`pool.query('LISTEN a');${many}`)).toEqual(['1 session/listen'])
  })

  it('is checked if it only has many brackets', () => {
    const many = 'f(a ? b : c, (x) => [x]);\n'.repeat(3_000)
    expect(findingsIn(`pool.query('LISTEN a');${many}`)).toEqual(['1 session/listen'])
  })
})

describe('a file that does not parse', () => {
  it('is reported', () => {
    expect(findingsIn("pool.query('LISTEN a'")).toEqual([expect.stringMatching(/^skipped: it does not parse/)])
  })
})
