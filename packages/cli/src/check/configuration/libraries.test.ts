import { describe, expect, it } from 'vitest'
import { findingsIn } from '../../../../../test/support/cli/findings-in.ts'

const boss = "import PgBoss from 'pg-boss'\n"
const startup = 'connection/startup-parameter'

const found: Readonly<Record<string, readonly [source: string, ...expected: string[]]>> = {
  'pg-boss with notifications': [`${boss}new PgBoss({ connectionString, useListenNotify: true })`, '2 session/listen'],
  'pg-boss, a timeout': [`${boss}new PgBoss({ connectionString, statement_timeout: 5000 })`, `2 ${startup}`],
  'node-postgres, the name of a text that cannot be known': [
    "const name = isNew ? 'set_native' : 'set_function'\nawait this.db.query({ name, text: this.upsertStatement, values })",
    '2 session/named-statement',
  ],
  'pg-promise, PreparedStatement': [
    "import pgPromise from 'pg-promise'\nconst find = new pgPromise.PreparedStatement({ name: 'find', text: 'SELECT 1' })",
    '2 session/named-statement',
  ],
  'node-postgres, a named text beside nothing else that is dangerous': [
    "pool.query({ name: 'user', text: 'SELECT a FROM b WHERE c = $1', values: [id] })",
    '1 session/named-statement',
  ],
  'node-postgres, a named query that a query object takes in': [
    "const find = { name: 'user', text: 'SELECT a FROM b WHERE c = $1' }\nawait pool.query({ ...find, values: [id] })",
    '1 session/named-statement',
  ],
  'a pool in a function that handles direct messages': [
    'function sendDirectMessage() { const pool = new Pool({ host, lock_timeout: 1 }) }',
    `1 ${startup}`,
  ],
  'a timeout that is taken in under a condition': [
    'new Pool({ host, ...(wait > 0 ? { statement_timeout: wait } : {}),\n...(idle && { options: `-c idle_session_timeout=${idle}` }) })',
    `1 ${startup}`,
    `2 ${startup}`,
  ],
  'Sequelize behind a change of its type': [
    "new (Sequelize as any)('postgres://h/a', { keepDefaultTimezone: true })",
    '1 session/set',
  ],
  'Sequelize, prependSearchPath': [
    "new Sequelize('postgres://h/a', { keepDefaultTimezone: true, dialectOptions: { clientMinMessages: 'ignore', prependSearchPath: true } })",
    '1 session/set',
  ],
  'Sequelize with options of the driver from elsewhere': [
    "new Sequelize('postgres://h/a', { dialectOptions: config.get('options') })",
    '1 session/set',
  ],
  'Drizzle over the URL of postgres.js': [
    "import { drizzle } from 'drizzle-orm/postgres-js'\nconst a = drizzle(process.env.DATABASE_URL!)\nconst b = drizzle({ connection: { url, max: 1 } })",
    '2 session/named-statement',
    '3 session/named-statement',
  ],
  'Postgrator, currentSchema': [
    "import Postgrator from 'postgrator'\nnew Postgrator({ driver: 'pg', currentSchema: 'a' })",
    'note 2 session/set',
  ],
  'db-migrate': ["import dbMigrate from 'db-migrate'\ndbMigrate.getInstance(true)", 'note 2 session/set'],
  'node-pg-migrate, schema': [
    "import { runner } from 'node-pg-migrate'\nrunner({ databaseUrl, noLock: true, schema: 'a' })",
    'note 2 session/set',
  ],
  'PostGraphile with subscriptions': [
    "import { PostGraphileOptions } from 'postgraphile'\nexport const options = (): PostGraphileOptions => ({ subscriptions: true })",
    '2 session/listen',
  ],
  'a knexfile, searchPath': ["module.exports = { client: 'pg', connection: url, searchPath: ['a'] }", '1 session/set'],
  'a knexfile, a timeout': [
    "module.exports = { production: { client: 'postgresql', connection: { statement_timeout: 1 } } }",
    `1 ${startup}`,
  ],
  'a knexfile that is required': [
    "const knex = require('knex')\nknex({ client: 'pg', connection: { statement_timeout: 1 } })",
    `2 ${startup}`,
  ],
  'TypeORM in Nest, a timeout': [
    "TypeOrmModule.forRoot({ type: 'postgres', url, extra: { statement_timeout: 1 } })",
    `1 ${startup}`,
  ],
  'TypeORM in Nest, in a factory': [
    "TypeOrmModule.forRootAsync({ useFactory: () => ({ type: 'postgres', extra: { options: '-c a=b' } }) })",
    `1 ${startup}`,
  ],
  'Sequelize, a file of settings': [
    "module.exports = { production: { dialect: 'postgres', dialectOptions: { statement_timeout: 1 } } }",
    `1 ${startup}`,
  ],
  'Sequelize with a literal URL': ["new Sequelize('postgres://a:b@h/c')", '1 session/set', '1 session/set'],
  'Sequelize in Nest': [
    "SequelizeModule.forRoot({ dialect: 'postgres', dialectOptions: { clientMinMessages: 'ignore' } })",
    '1 session/set',
  ],
  'Sequelize with one of two objects': [
    "new Sequelize('postgres://h/a', { keepDefaultTimezone: true, dialectOptions: b ? {} : { ssl: true } })",
    '1 session/set',
  ],
  'postgres.js, any setting': [
    "import postgres from 'postgres'\nlet o: postgres.Options<{}> = { host, prepare: false }\no = { ...o, connection: { search_path: 'a', application_name: 'b' } }\npostgres(o)",
    `3 ${startup}`,
  ],
  'postgres.js with options in steps': [
    "import postgres from 'postgres'\nlet o = { host }\nif (a) o = { ...o, ssl: true }\npostgres(o)",
    '4 session/named-statement',
  ],
  'options of a pool that are made elsewhere': [
    'const options: PoolConfig = { host, port, statement_timeout: 5000 }\nensurePool(options)\ncreatePool({ ...more, max: 1, lock_timeout: 1 })',
    `1 ${startup}`,
    `3 ${startup}`,
  ],
  'pg-promise, a timeout': [
    "import pgPromise from 'pg-promise'\nconst pgp = pgPromise()\npgp({ connectionString, statement_timeout: 1 })",
    `3 ${startup}`,
  ],
  'drizzle-kit, a pooled URL': [
    "import { defineConfig } from 'drizzle-kit'\nexport default defineConfig({ dialect: 'postgresql', dbCredentials: { url: 'postgres://a:b@ep-a-pooler.eu.aws.neon.tech/c' } })",
    'note 2 connection/wrong-profile',
  ],
}

describe('a configuration of a library is found:', () => {
  it.each(Object.entries(found))('%s', (_, [source, ...expected]) => {
    expect(findingsIn(source)).toEqual(expected)
  })
})

const silent: Readonly<Record<string, string>> = {
  'pg-boss as it is': `${boss}new PgBoss(process.env.DATABASE_URL)\nnew PgBoss({ connectionString, useListenNotify: false })`,
  'pg-boss on a direct URL': `${boss}new PgBoss({ connectionString: env.DIRECT_URL, useListenNotify: true })`,
  'Postgrator without a schema': "import Postgrator from 'postgrator'\nnew Postgrator({ driver: 'pg' })",
  'Postgrator on a direct URL':
    "import Postgrator from 'postgrator'\nnew Postgrator({ driver: 'pg', connectionString: directUrl, currentSchema: 'a' })",
  'postgres.js with prepare in steps':
    "import postgres from 'postgres'\nlet o = { host }\nif (a) o = { ...o, prepare: false }\npostgres(o)",
  'postgres.js with what poolers take':
    "import postgres from 'postgres'\npostgres(url, { prepare: false, connection: { application_name: 'a', TimeZone: 'UTC' } })",
  'a timeout that is no option of a pool':
    "const row = { statement_timeout: '5s', name: 'a' }\nnew Pool({ connectionString: process.env.DIRECT_URL, statement_timeout: 5 })",
  'node-postgres, a name that cannot be known': 'pool.query({ name, text: textOf(key), values })',
  'pg-promise, ParameterizedQuery':
    "import pgPromise from 'pg-promise'\nconst find = new pgPromise.ParameterizedQuery({ text: 'SELECT 1' })",
  'a pool in a variable that is named direct':
    'const directPool = new Pool({ host, statement_timeout: 1 })\nthis.direct = new Pool({ host, statement_timeout: 1 })',
  'a pool that a function for direct connections makes':
    'function createDirectClient() { const client = new Pool({ host, lock_timeout: 1 }); return client }\nconst directDb = () => new Pool({ host, lock_timeout: 1 })',
  'Drizzle over a client of postgres.js':
    "import { drizzle } from 'drizzle-orm/postgres-js'\nimport postgres from 'postgres'\nconst client = postgres(url, { prepare: false })\nconst a = drizzle(client)\nconst b = drizzle({ client, schema })\nconst c = drizzle({ connection: { url, prepare: false } })",
  'Drizzle over a URL of node-postgres':
    "import { drizzle } from 'drizzle-orm/node-postgres'\nconst a = drizzle(process.env.DATABASE_URL!)",
  'Sequelize with one of two objects, silenced':
    "new Sequelize('postgres://h/a', { keepDefaultTimezone: true, dialectOptions: b ? { clientMinMessages: 'ignore' } : { clientMinMessages: 'ignore', ssl: true } })",
  'a client of something else':
    "new Thing({ client: 'mysql', searchPath: ['a'], connection: { statement_timeout: 1 } })",
  'a knexfile on a direct URL': "module.exports = { client: 'pg', connection: env.DIRECT_URL, searchPath: ['a'] }",
  'PostGraphile without subscriptions': "import { postgraphile } from 'postgraphile'\npostgraphile(pool, 'a', {})",
  'subscriptions of something else': "import { ApolloServer } from 'apollo'\nnew ApolloServer({ subscriptions: true })",
  'TypeORM for MySQL': "new DataSource({ type: 'mysql', extra: { statement_timeout: 1 } })",
  'Sequelize with a URL of something': 'new Sequelize(process.env.DATABASE_URL)',
  'Sequelize with SQLite': "new Sequelize('sqlite::memory:')",
  'forRoot of another module': "ConfigModule.forRoot({ dialect: 'postgres' })",
  'drizzle-kit, a direct URL':
    "import { defineConfig } from 'drizzle-kit'\nexport default defineConfig({ dialect: 'postgresql', dbCredentials: { url: 'postgres://a:b@localhost:5432/c' } })",
}

describe('nothing is found in', () => {
  it.each(Object.entries(silent))('%s', (_, source) => {
    expect(findingsIn(source)).toEqual([])
  })
})

describe('the scripts of a package', () => {
  const scripts = (command: string): string[] =>
    findingsIn(`{\n  "scripts": {\n    "run": "${command}"\n  }\n}`, { path: 'package.json' })

  it.each([
    ['cd dist && graphile-worker --crontab ../crontab', ['3 session/listen']],
    ['NODE_ENV=x npx graphile-worker', ['3 session/listen']],
    ['node-pg-migrate -m migrations up', ['note 3 session/advisory-lock']],
    ['graphile-worker --schema-only', []],
    ['graphile-worker -c $DIRECT_URL', []],
    ['node-pg-migrate create a', []],
    ['node-pg-migrate up --no-lock', []],
    ['echo graphile-workers', []],
  ])('%s', (command, expected) => {
    expect(scripts(command)).toEqual(expected)
  })

  it('are no dependencies', () => {
    const source = '{ "dependencies": { "graphile-worker": "^0.17.0", "node-pg-migrate": "9" } }'
    expect(findingsIn(source, { path: 'package.json' })).toEqual([])
  })
})

describe('manifests', () => {
  const neon = 'postgres://a:b@ep-a-pooler.eu.aws.neon.tech/app'

  it.each([
    ['k8s/app.yaml', `env:\n  - name: DIRECT_URL\n    value: "${neon}"\n`, ['3 connection/wrong-profile']],
    [
      'deploy/deployment.yml',
      `  - name: DATABASE_URL\n    value: ${neon}?options=-csearch_path%3Da\n`,
      [`2 ${startup}`],
    ],
    ['fly.toml', `[env]\nDIRECT_URL = "${neon}"\n`, ['2 connection/wrong-profile']],
    ['k8s/app.yaml', `env:\n  - name: DATABASE_URL\n    value: "${neon}"\n`, []],
    ['k8s/app.yaml', `  - name: OAUTH_REDIRECT_URL\n    value: ${neon}\n`, []],
  ])('%s: %s', (path, source, expected) => {
    expect(findingsIn(source, { path })).toEqual(expected)
  })
})
