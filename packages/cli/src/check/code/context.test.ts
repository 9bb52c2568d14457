import { describe, expect, it } from 'vitest'
import { findingsIn } from '../../../../../test/support/cli/findings-in.ts'

/** Each is right where it runs, although the statement alone would be wrong. */
const silent: Readonly<Record<string, string>> = {
  'a statement of Prisma that a function returns':
    'function lock(id) { return prisma.$queryRaw`SELECT pg_advisory_xact_lock(${id})` }',
  'a statement of Prisma in a list': 'statements.push(prisma.$queryRaw`SELECT pg_advisory_xact_lock(${id})`)',
  'a statement of Prisma in a variable':
    'const lock = prisma.$queryRaw`SELECT pg_advisory_xact_lock(${id})`\nawait prisma.$transaction([lock])',
  'a pool of Slonik that may be a transaction':
    'const queries = (pool: CommonQueryMethods) => ({ lock: () => pool.query(sql.unsafe`SELECT a FROM b FOR UPDATE`) })',
  'a client beside logical replication':
    "const stream = connect(options, { type: 'replication' })\nconst connection = await connect(options)\nawait query(connection, 'SET statement_timeout = 0')",
  'SET and SET DEFAULT in a transaction':
    "await db.transaction(async (m) => { await m.query('SET session_replication_role = replica')\nawait m.query('UPDATE a SET b = 1')\nawait m.query('SET session_replication_role = DEFAULT') })",
  'SET and RESET behind BEGIN':
    "await client.query('BEGIN')\nawait client.query('SET search_path = a -- why')\nawait client.query('RESET search_path')\nawait client.query('COMMIT')",
  'a temporary table in a transaction that is rolled back':
    "async function columns(db) {\n  try { await db.query(`SAVEPOINT a`) } catch { isOwn = true; await db.query('BEGIN') }\n  try { await db.query(`CREATE TEMP TABLE ${name} (b int)`) } finally {\n    if (isOwn) await db.query('ROLLBACK')\n    else await db.query('ROLLBACK TO SAVEPOINT a') } }",
  'a setting in a transaction that is rolled back':
    "await queryRunner.startTransaction()\nawait queryRunner.query('SET search_path = a')\nawait queryRunner.rollbackTransaction()",
  'a temporary table that its transaction drops':
    'await db.transaction(async (tx) => { await tx.execute(sql`CREATE TEMP TABLE a (b int)`)\nawait tx.execute(sql`DROP TABLE a`) })',
  'pieces of SQL behind an operand':
    'await tx.$executeRaw`CREATE TEMP TABLE o ON COMMIT DROP AS SELECT id FROM "M" m ${join} WHERE a > ${x} AND (b)::int < 2 ${scope}`',
  'another database, by a condition':
    "if (dialect === 'pglite') await tx.execute(`SET search_path TO a`)\nif (db.isMySQL) await db.query('LISTEN a')",
  'another database, by the other side of a condition':
    "if (qb.dialect === 'postgres') await tx.query('SELECT 1')\nelse await tx.query('CREATE TEMP TABLE a (b int)')",
  'another database, by a case': "switch (type) { case 'mysql': await db.query('SET a = 1'); break }",
  'a block that builds what is no session state':
    "await db.query(`DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD b int', ${name}); END $$`)",
  'another database, behind the exit of PostgreSQL':
    "async function a() { if (dialect === 'postgres') { await b(); return }\nawait tx.query('SET time_zone = 1') }",
  'another database, behind the exit of all others':
    "async function a() { if (!db.isMysql) return\nawait tx.query('SET time_zone = 1') }",
  'another database, by other forms of a condition':
    "if (['mysql', 'mariadb'].includes(type)) await pool.query('SET a = 1')\nif (type.startsWith('mysql')) await pool.query('SET a = 1')\nif (engine == Engine.MySQL) await pool.query('SET a = 1')\nif (driver instanceof SqliteDriver) await pool.query('SET a = 1')\ntype === 'mysql' && (await pool.query('SET a = 1'))",
  'another database, by a condition in the text':
    "await pool.query(type === 'mysql' ? 'SET a = 1' : 'SELECT 1')\nawait pool.query(isPg ? 'SELECT 1' : 'SET a = 1')\nawait pool.query(`${type === 'mysql' ? 'SET a = 1' : 'SELECT 1'}`)",
  'another database, by the key of a text':
    "const init = { mysql: 'SET a = 1', postgres: 'SELECT 1' }\nawait pool.query(init[type])",
  'options from elsewhere, which may have a transaction':
    "await sequelize.query('SELECT pg_advisory_xact_lock(1)', options)\nawait sequelize.query('SELECT pg_advisory_xact_lock(1)', { ...options, raw: true })",
  'another database, by a class': "class MySqlDriver { run() { return this.pool.query('SET time_zone = 1') } }",
  'another database, by a key': "const init = { mysql: () => pool.query('SET time_zone = 1') }",
  'another database, by the name of the receiver':
    "await mysqlPool.query('SET time_zone = 1')\nawait this.sqlite.query('SET a = 1')",
  'another database, by its driver':
    "import pg from 'pg'\nimport mysql from 'mysql2/promise'\nconst pool = mysql.createPool(url)\nconst client = await pool.getConnection()\nawait client.query('SET time_zone = 1')",
  'another database, by the module of the client':
    "import { pool } from './mysql.js'\nimport { Pool } from 'pg'\nawait pool.query('SET time_zone = 1')",
  'another database, by the type of the client':
    "import { Pool } from 'pg'\nimport type { Connection } from 'mysql2'\nconst a = (client: Connection) => client.query('SET time_zone = 1')",
  'a setting of MySQL': "await dataSource.query('SET foreign_key_checks = 0')",
  'another database, by a case of an enum':
    "switch (type) { case DatabaseType.mysql: await db.query('SET a = 1'); break }",
  'BEGIN on a field that is a client':
    "class A { private db: PoolClient; run() { return this.db.query('BEGIN') } }\nclass B { constructor(private readonly db: pg.Client) {} run() { return this.db.query('BEGIN') } }",
  'a cursor for a statement in a hole':
    'await client.query(`BEGIN`)\nawait client.query(`DECLARE ${name} CURSOR FOR ${text}`)',
  'a client that may be a transaction':
    'const prisma = clientOf(pgtx)\nconst rows = await prisma.$queryRaw`SELECT a FROM b FOR UPDATE`',
  'an isolation level in a hole':
    "await client.query('BEGIN')\nawait client.query(`SET TRANSACTION ISOLATION LEVEL ${level}`)\nawait client.query(`BEGIN ISOLATION LEVEL ${level}`)",
  'a named placeholder of Sequelize':
    "await sequelize.query('SELECT pg_advisory_xact_lock(:space, :id)', { replacements: { space, id }, transaction })",
}

describe('the context makes a statement right:', () => {
  it.each(Object.entries(silent))('%s', (_, source) => {
    expect(findingsIn(source)).toEqual([])
  })
})

const found: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'an async function runs the statement that it returns': [
    'const lock = async (id) => prisma.$queryRaw`SELECT pg_advisory_xact_lock(${id})`',
    '1 transaction/lock-outside',
  ],
  'Promise.all runs statements': [
    'await Promise.all([prisma.$queryRaw`SELECT pg_advisory_xact_lock(${id})`])',
    '1 transaction/lock-outside',
  ],
  'a pool of Slonik is no transaction': [
    'const queries = (pool: DatabasePool) => ({ lock: () => pool.query(sql.unsafe`SELECT a FROM b FOR UPDATE`) })',
    '1 transaction/lock-outside',
  ],
  'a ROLLBACK for errors, with the COMMIT elsewhere': [
    "async function start(db) { await db.query('BEGIN')\ntry { await db.query('SET search_path = a') } catch (error) { await db.query('ROLLBACK') } }",
    '2 session/set',
  ],
  'a ROLLBACK beside a COMMIT': [
    "async function run(db) { await db.query('BEGIN')\nawait db.query('CREATE TEMP TABLE a (b int)')\nif (isTrial) await db.query('ROLLBACK')\nelse await db.query('COMMIT') }",
    '2 session/temp-object',
  ],
  'a ROLLBACK to a savepoint': [
    "async function run(db) { await db.query('BEGIN')\nawait db.query('SET search_path = a')\nawait db.query('SAVEPOINT b')\nawait db.query('ROLLBACK TO b') }",
    '2 session/set',
  ],
  'a lock, which a ROLLBACK does not release': [
    "await client.query('BEGIN')\nawait client.query('SELECT pg_advisory_lock(1)')\nawait client.query('ROLLBACK')",
    '2 session/advisory-lock',
  ],
  'a condition may skip the RESET': [
    "await db.transaction(async (m) => { await m.query('SET search_path = a')\nif (b) await m.query('RESET search_path') })",
    '1 session/set',
  ],
  'a pool beside logical replication': [
    "await client.query('START_REPLICATION SLOT a LOGICAL 0/0')\nawait pool.query('SET statement_timeout = 0')",
    '2 session/set',
  ],
  'another transaction takes nothing back': [
    "await client.query('BEGIN')\nawait client.query('SET search_path = a')\nawait client.query('COMMIT')\nawait client.query('BEGIN')\nawait client.query('RESET search_path')\nawait client.query('COMMIT')",
    '2 session/set',
    '5 session/set',
  ],
  'another transaction of a query runner takes nothing back': [
    "await queryRunner.startTransaction()\nawait queryRunner.query('SET search_path = a')\nawait queryRunner.commitTransaction()\nawait queryRunner.startTransaction()\nawait queryRunner.query('RESET search_path')",
    '2 session/set',
    '5 session/set',
  ],
  'BEGIN on a field that is a pool': [
    "class A { private db: Pool; run() { return this.db.query('BEGIN') } }",
    '1 transaction/unpinned',
  ],
  'a condition names PostgreSQL': [
    "if (dialect === 'postgres') await tx.query('SET search_path = a')\nif (dialect !== 'sqlite') await tx.query('LISTEN a')",
    '1 session/set',
    '2 session/listen',
  ],
  'the exit of all but PostgreSQL': [
    "async function a() { if (!this.isPostgres()) return\nif (dialect !== 'postgres') return\nawait tx.query('SET search_path = a') }",
    '3 session/set',
  ],
  'a condition that names another database and is none': [
    "if (process.env.CLICKHOUSE_URL) await pool.query('LISTEN a')\nif (!['mysql'].includes(type)) await pool.query('LISTEN a')\nif (['pg', 'mysql'].includes(type)) await pool.query('LISTEN a')\nif (['mysql'].indexOf(type) === -1) await pool.query('LISTEN a')\nif (names.indexOf('mysql') < 0) await pool.query('LISTEN a')",
    '1 session/listen',
    '2 session/listen',
    '3 session/listen',
    '4 session/listen',
    '5 session/listen',
  ],
  'a text for PostgreSQL among others': [
    "const init = { mysql: 'SELECT 1', postgres: 'SET search_path = a' }\nawait pool.query(init[type])\nawait pool.query(type === 'mysql' ? 'SELECT 1' : 'SET search_path = a')",
    '1 session/set',
    '3 session/set',
  ],
  'options without a transaction': [
    "await sequelize.query('SELECT pg_advisory_xact_lock(1)', { raw: true })\nawait pool.query('SELECT pg_advisory_xact_lock($1)', values)",
    '1 transaction/lock-outside',
    '2 transaction/lock-outside',
  ],
  'an exit under one more condition': [
    "async function a() { if (isPostgres && isNew) return\nawait tx.query('SET search_path = a') }",
    '2 session/set',
  ],
  'a way from another database to PostgreSQL': [
    "class MysqlToPostgres { run() { return this.pool.query('SET search_path = a') } }\nasync function importFromMysql() { await pool.query('SET search_path = a') }",
    '1 session/set',
    '2 session/set',
  ],
  'names like MySQL around a client of pg': [
    "import { Pool, type PoolClient } from 'pg'\nconst mySqlPool = new Pool()\nasync function runMySql() { await mySqlPool.query('SET search_path = a') }\nconst mySqlRun = (client: PoolClient) => client.query('LISTEN a')",
    '3 session/set',
    '4 session/listen',
  ],
  'PostgreSQL beside another database': [
    "import { Pool } from 'pg'\nimport mysql from 'mysql2'\nconst source = mysql.createPool(url)\nconst pool = new Pool()\nawait pool.query('SET search_path = a')",
    '5 session/set',
  ],
  'a case names PostgreSQL': [
    "switch (type) { case 'mysql': break\ncase 'postgres': await db.query('SET search_path = a') }",
    '2 session/set',
  ],
  'a block may build session state': [
    "await db.query(`DO $$ BEGIN EXECUTE 'SET search_path = ' || ${name}; END $$`)",
    'note 1 statement/undecided',
  ],
  'a lock outlasts the error that skips its unlock': [
    'await db.transaction(async (tx) => { await tx.execute(sql`SELECT pg_advisory_lock(1)`)\nawait tx.execute(sql`SELECT pg_advisory_unlock(1)`) })',
    '1 session/advisory-lock',
  ],
}

describe('the context does not make a statement right:', () => {
  it.each(Object.entries(found))('%s', (_, [source, ...expected]) => {
    expect(findingsIn(source)).toEqual(expected)
  })
})

describe('placeholders of libraries', () => {
  it.each([
    ["knex.raw('SELECT pg_advisory_lock(?)', [1])", '1 session/advisory-lock'],
    ["knex.raw('SET search_path TO ??', [schema])", '1 session/set'],
    ["knex.raw('SELECT pg_advisory_lock(:id)', { id })", '1 session/advisory-lock'],
    ["db.none('SET search_path TO $1:name', [schema])", '1 session/set'],
    ["db.none('SET search_path TO $1~', [schema])", '1 session/set'],
    ["db.none('SELECT pg_advisory_lock($<id>)', { id })", '1 session/advisory-lock'],
    ["db.none('SELECT pg_advisory_lock(${id})', { id })", '1 session/advisory-lock'],
    ["db.query('SELECT pg_advisory_lock(1) WHERE $1::jsonb ? \\'a\\'')", '1 session/advisory-lock'],
  ])('%s', (source, expected) => {
    expect(findingsIn(source)).toEqual([expected])
  })

  it('stay as they are in literals', () => {
    expect(findingsIn("knex.raw(\"SELECT '?', ':a' WHERE b = ?\", [1])\nknex.raw('LISTEN a')")).toEqual([
      '2 session/listen',
    ])
  })
})
