import { poolers } from '@poolsafe/core'
import { describe, expect, it } from 'vitest'
import { findingsIn } from '../../../../../test/support/cli/findings-in.ts'

const found: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'Knex, searchPath': ["const db = knex({ client: 'pg', searchPath: ['a'] })", '1 session/set'],
  'pg-promise, schema': ["import pgPromise from 'pg-promise'\nconst pgp = pgPromise({ schema: 'a' })", '2 session/set'],
  'Sequelize without options': ["new Sequelize(url, { dialect: 'postgres' })", '1 session/set', '1 session/set'],
  'Sequelize with one option': [
    "new Sequelize(url, { dialect: 'postgres', dialectOptions: { clientMinMessages: 'ignore' } })",
    '1 session/set',
  ],
  'postgres.js without prepare': [
    "import postgres from 'postgres'\nconst sql = postgres(url)",
    '2 session/named-statement',
  ],
  'postgres.js with other options': [
    "import postgres from 'postgres'\nconst sql = postgres(url, { max: 5 })",
    '2 session/named-statement',
  ],
  'postgres.js with prepare: true': [
    "import postgres from 'postgres'\nconst sql = postgres(url, { prepare: true, ...more })",
    '2 session/named-statement',
  ],
  'Drizzle, prepare': [
    "import { drizzle } from 'drizzle-orm/node-postgres'\nconst q = db.select().from(users).prepare('all_users')",
    '2 session/named-statement',
  ],
  'PrismaPg, statementNameGenerator': [
    'new PrismaPg({ connectionString }, { statementNameGenerator: nameOf })',
    '1 session/named-statement',
  ],
  'pg, statement_timeout': [
    'new Pool({ connectionString, statement_timeout: 5000 })',
    '1 connection/startup-parameter',
  ],
  'pg, options': ["new pg.Client({ options: '-c search_path=a' })", '1 connection/startup-parameter'],
  'pg, with a name that only looks direct': [
    'new Pool({ connectionString, statement_timeout: 5000, redirectUrl, directory })',
    '1 connection/startup-parameter',
  ],
  'pg, a constant': [
    'const config = { lock_timeout: 1000 }\nconst pool = new Pool(config)',
    '1 connection/startup-parameter',
  ],
  'PrismaPg, statement_timeout': [
    'new PrismaPg({ connectionString, statement_timeout: 5000 })',
    '1 connection/startup-parameter',
  ],
  'Knex, a timeout': [
    "knex({ client: 'pg', connection: { statement_timeout: 5000 } })",
    '1 connection/startup-parameter',
  ],
  'Sequelize, a timeout': [
    "new Sequelize({ dialect: 'postgres', keepDefaultTimezone: true, dialectOptions: { clientMinMessages: 'ignore', statement_timeout: 1 } })",
    '1 connection/startup-parameter',
  ],
  'TypeORM, a timeout': [
    "new DataSource({ type: 'postgres', extra: { statement_timeout: 1 } })",
    '1 connection/startup-parameter',
  ],
  'postgres.js, a timeout': [
    "import postgres from 'postgres'; postgres(url, { prepare: false, connection: { statement_timeout: 1 } })",
    '1 connection/startup-parameter',
  ],
  'pg-listen': [
    "import createSubscriber from 'pg-listen'\nconst s = createSubscriber({ connectionString })",
    '2 session/listen',
  ],
  'graphile-worker': ["import { run } from 'graphile-worker'\nawait run({ connectionString })", '2 session/listen'],
  'postgres.js, listen': ["const sql = postgres(url, { prepare: false })\nsql.listen('orders', f)", '2 session/listen'],
  'postgres.js under another name': [
    "import connect from 'postgres'\nconst db = connect(url, { max: 5, connection: { statement_timeout: 1 } })\nawait db`SET x = 1`",
    '3 session/set',
    '2 session/named-statement',
    '2 connection/startup-parameter',
  ],
  'postgres.js, required under another name': [
    "const connect = require('postgres')\nconst db = connect(url)",
    '2 session/named-statement',
  ],
  'postgres.js with options of a constant': [
    "import postgres from 'postgres'\nconst place = { host, port }\npostgres({ ...place, max: 5 })",
    '3 session/named-statement',
  ],
  'postgres.js, listen of a client that is passed in': [
    "import type { Sql } from 'postgres'\nexport const hear = (client: Sql, f: F) => client.listen('orders', f)",
    '2 session/listen',
  ],
  'postgres.js, listen of a client in a field': [
    "import type postgres from 'postgres'\nclass Queue {\n  readonly #sql: postgres.Sql<{}>\n  start() { return this.#sql.listen(this.#channel, f) }\n}",
    '4 session/listen',
  ],
  'postgres.js, listen of a client that a field makes': [
    "import postgres from 'postgres'\nclass Queue {\n  client = postgres(url, { prepare: false })\n  start() { return this.client.listen(this.channel, f) }\n}",
    '4 session/listen',
  ],
  'pg, a timeout that is assigned': [
    'function make(config: pg.PoolConfig) {\n  config.statement_timeout ??= env.timeout\n  config.max = 5\n  return new pg.Pool(config)\n}',
    '2 connection/startup-parameter',
  ],
  'pg, a timeout that is assigned to what a pool takes in': [
    "const config = { host }\nif (slow) config.lock_timeout = 5000\nconfig.options = '-c a.b=c'\nnew Client({ ...config, port })",
    '2 connection/startup-parameter',
    '3 connection/startup-parameter',
  ],
  'Sequelize, the options of an environment': [
    "const configs = { test: { dialect: 'postgres' }, production: { dialect: 'postgres', keepDefaultTimezone: true } }\nconst config = configs[env]\nnew Sequelize(process.env.DATABASE_URL, config)",
    '3 session/set',
  ],
  'Kysely, Migrator': [
    "import { Migrator } from 'kysely'\nnew Migrator({ db, provider })",
    'note 2 session/advisory-lock',
  ],
  'node-pg-migrate': [
    "import { runner } from 'node-pg-migrate'\nawait runner({ databaseUrl, dir })",
    'note 2 session/advisory-lock',
  ],
  'Kysely, onReserveConnection': [
    "new PostgresDialect({ pool, onReserveConnection: async (connection) => { await connection.executeQuery(CompiledQuery.raw('SET role a')) } })",
    '1 session/role',
  ],
  'pool.on connect': ["pool.on('connect', (client) => client.query('SET search_path = a'))", '1 session/set'],
  'Knex, afterCreate': [
    "knex({ pool: { afterCreate: (conn, done) => conn.query('SET timezone = UTC', done) } })",
    '1 session/set',
  ],
}

describe('a configuration is found', () => {
  it.each(Object.entries(found))('%s', (_, [source, ...expected]) => {
    expect(findingsIn(source)).toEqual(expected)
  })
})

const silent: Readonly<Record<string, string>> = {
  'Knex for MySQL without searchPath': "knex({ client: 'mysql' })",
  'a property named searchPath elsewhere': 'const options = { searchPath: [1] }; find(options)',
  'Sequelize with both options':
    "new Sequelize(url, { dialect: 'postgres', keepDefaultTimezone: true, dialectOptions: { clientMinMessages: 'ignore' } })",
  'Sequelize for MySQL': "new Sequelize(url, { dialect: 'mysql' })",
  'Sequelize with options from elsewhere': "new Sequelize(url, { dialect: 'postgres', ...more })",
  'postgres.js with prepare: false': "import postgres from 'postgres'\npostgres(url, { prepare: false })",
  'postgres.js with options from elsewhere': "import postgres from 'postgres'\npostgres(url, options)",
  'postgres.js on a direct URL': "import postgres from 'postgres'\npostgres(process.env.DIRECT_URL)",
  'postgres.js with prepare from elsewhere': "import postgres from 'postgres'\npostgres(url, { prepare: env.PREPARE })",
  'a function named postgres': 'const x = postgres(url)',
  'SQLite, prepare': "import { drizzle } from 'drizzle-orm/better-sqlite3'\ndb.prepare('SELECT 1')",
  'pg without timeouts':
    'new Pool({ connectionString, statement_timeout: undefined, lock_timeout: 0, query_timeout: 5000 })',
  'pg with timeouts that a minifier turned off':
    'var d = { host: "localhost", port: 5432, statement_timeout: !1, lock_timeout: void 0 }; new Pool(d)',
  'pg with timeouts that are assigned elsewhere':
    'const limits = {}\nlimits.statement_timeout = 5\nconst config = { host }\nconfig.statement_timeout = undefined\nconfig.options = "a"\nnew Pool(config)\nconst direct = { host }\ndirect.lock_timeout = 1\nnew Pool({ ...direct, connectionString: process.env.DIRECT_URL })',
  'postgres.js with prepare in a constant':
    "import postgres from 'postgres'\nconst shared = { host, prepare: false }\npostgres({ ...shared, max: 5 })",
  'postgres.js, with options that are taken in from elsewhere':
    "import postgres from 'postgres'\nconst shared = { host, ...more }\npostgres({ ...shared, max: 5 })",
  'a listener of another Sql':
    "import type { Sql } from './sql'\nimport x from 'postgres'\nexport const hear = (sql: Sql) => sql.listen('orders', f)",
  'a server that listens beside postgres.js':
    "import type { Sql } from 'postgres'\nclass Server {\n  constructor(private sql: Sql, private http: HttpServer) {}\n  start() { return this.http.listen('3000') }\n}",
  'postgres.js, listen of a direct client':
    "import connect, { type Sql } from 'postgres'\nconst hear = (directSql: Sql) => directSql.listen('a', f)\nconnect(env.DIRECT_URL, { prepare: false }).listen('a', f)",
  'Sequelize, the silent options of an environment':
    "const configs = { production: { dialect: 'postgres', keepDefaultTimezone: true, dialectOptions: { clientMinMessages: 'ignore' } } }\nnew Sequelize(url, configs[env])",
  'pg on a direct URL': 'new Pool({ connectionString: process.env.DATABASE_URL_UNPOOLED, statement_timeout: 5000 })',
  'another Client': "new Client({ options: 'a', retries: 1 })",
  'a server that listens': "server.listen('3000')",
  'a Migrator with the lock of a transaction':
    "import { Migrator } from 'kysely'\nguardDialect(d, g, { migrations: 'transaction' })\nnew Migrator({ db, provider })",
  'a Migrator on a direct database': "import { Migrator } from 'kysely'\nnew Migrator({ db: directDb, provider })",
  'node-pg-migrate without a lock': "import { runner } from 'node-pg-migrate'\nawait runner({ noLock: true })",
}

describe('files of settings', () => {
  const supabase = 'postgresql://postgres.abc:[YOUR-PASSWORD]@aws-0-eu-central-1.pooler.supabase.com:6543/postgres'

  it.each([
    [
      '.env.example',
      `DATABASE_URL="postgres://a:b@localhost:6432/app?statement_timeout=5000"`,
      ['1 connection/startup-parameter'],
    ],
    [
      '.env.example',
      `A=1\nDATABASE_URL=postgres://a:b@h/app?options=-c%20search_path%3Da`,
      ['2 connection/startup-parameter'],
    ],
    ['.env.example', `DIRECT_URL="${supabase}"`, ['1 connection/wrong-profile']],
    [
      '.env.sample',
      'DATABASE_URL_UNPOOLED=postgres://a:b@ep-a-pooler.eu.aws.neon.tech/app',
      ['1 connection/wrong-profile'],
    ],
    [
      'docker-compose.yml',
      'services:\n  app:\n    environment:\n      DIRECT_URL: postgres://a:b@pgbouncer:6432/app',
      ['4 connection/wrong-profile'],
    ],
    [
      'prisma/schema.prisma',
      'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}',
      ['note 3 session/advisory-lock'],
    ],
    [
      'prisma.config.ts',
      "import { defineConfig, env } from 'prisma/config'\nexport default defineConfig({ datasource: { url: env('DATABASE_URL') } })",
      ['note 2 session/advisory-lock'],
    ],
  ])('%s: %s', (path, source, expected) => {
    expect(findingsIn(source, { path })).toEqual(expected)
  })

  it.each([
    ['.env.example', `DATABASE_URL="${supabase}?pgbouncer=true&connection_limit=1"`],
    ['docs/reference/schema.prisma', 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}'],
    ['.env.example', '# DIRECT_URL=postgres://a:b@ep-a-pooler.eu.aws.neon.tech/app'],
    ['.env.example', 'DIRECT_URL=postgres://a:b@db.abc.supabase.co:5432/postgres?options=-c%20a%3Db'],
    ['.env.example', 'DIRECT_URL=postgres://a:b@localhost:${POSTGRES_PORT}/app'],
    ['compose.yaml', 'environment:\n  - DATABASE_URL=postgres://a:b@db:5432/app'],
    [
      'prisma/schema.prisma',
      'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n  directUrl = env("DIRECT_URL")\n}',
    ],
    ['prisma/schema.prisma', 'datasource db {\n  provider = "postgresql"\n}'],
    ['prisma/schema.prisma', 'datasource db {\n  provider = "mysql"\n  url = env("DATABASE_URL")\n}'],
    [
      'prisma.config.ts',
      "import { defineConfig, env } from 'prisma/config'\nexport default defineConfig({ datasource: { url: env('DIRECT_URL') } })",
    ],
    [
      'prisma.config.ts',
      "import { defineConfig } from 'prisma/config'\nexport default defineConfig({ datasource: { url: process.env.DIRECT_URL ?? process.env.DATABASE_URL } })",
    ],
  ])('%s is silent: %s', (path, source) => {
    expect(findingsIn(source, { path })).toEqual([])
  })
})

describe('nothing is found in', () => {
  it.each(Object.entries(silent))('%s', (_, source) => {
    expect(findingsIn(source)).toEqual([])
  })

  it('features that the pooler carries', () => {
    const pooler = poolers.pgbouncer({ version: '1.24', ignoreStartupParameters: [] })
    expect(findingsIn("import postgres from 'postgres'\nconst sql = postgres(url)", { pooler })).toEqual([])
  })
})
