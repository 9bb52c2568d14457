import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Summary } from '../../packages/cli/src/run/summary.ts'
import { runPoolsafe } from '../integration/cli/run-poolsafe.ts'
import { folderIn } from '../integration/register/run-registered.ts'
import { sharedPostgres } from '../support/servers/shared-postgres.ts'

// Situations from public reports about ORMs behind a pooler, rebuilt, each below `poolsafe run` with no line for it.

/** Runs a script. @returns the rules and statements that were found, each once */
async function foundIn(script: string): Promise<string[]> {
  const database = await sharedPostgres()
  onTestFinished(() => database.stop({ force: true }))
  const folder = folderIn(import.meta.dirname, { 'app.mjs': script })
  const output = join(folder, 'summary.json')
  const args = ['run', '--format', 'json', '--output', output, '--', 'node', 'app.mjs']
  const { code, stdout, stderr } = await runPoolsafe(args, folder, { DATABASE_URL: database.url })
  expect(code, `${stdout}${stderr}`).toBe(0)
  const { findings } = JSON.parse(readFileSync(output, 'utf8')) as Summary
  const found = findings.flatMap(({ rule, places }) => places.map(({ statement }) => `${rule}: ${statement}`))
  return [...new Set(found)].toSorted((one, other) => one.localeCompare(other))
}

it('Knex: afterCreate sets the time zone and the tenant, and a migration the time zone', async () => {
  const script = `import knex from 'knex'
const db = knex({
  client: 'pg',
  connection: process.env.DATABASE_URL,
  pool: {
    afterCreate(client, done) {
      client.query('SET timezone="UTC";', (error) => {
        if (error) done(error, client)
        else client.query("SET app.current_tenant = 'acme'", (failed) => done(failed, client))
      })
    },
  },
})
const migration = { up: (each) => each.schema.raw("set time zone 'UTC'"), down: async () => {} }
await db.migrate.latest({
  migrationSource: {
    getMigrations: async () => ['zone'],
    getMigrationName: (name) => name,
    getMigration: async () => migration,
  },
})
await db.destroy()`
  expect(await foundIn(script)).toEqual([
    'session/set: SET app.current_tenant = ?',
    'session/set: set time zone ?',
    'session/set: SET timezone= ?;',
  ])
})

it('TypeORM: a query runner for each tenant, and limits in the options of the pool', async () => {
  const script = `import 'reflect-metadata'
import { DataSource } from 'typeorm'
const extra = { statement_timeout: 3000, options: '-c search_path=public' }
const source = await new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, extra }).initialize()
const runner = source.createQueryRunner()
await runner.query('SET search_path TO acme')
await runner.query('SELECT 1')
await runner.release()
await source.destroy()`
  expect(await foundIn(script)).toEqual([
    'connection/startup-parameter: the startup parameter options is refused by the pooler',
    'connection/startup-parameter: the startup parameter search_path (in options) is refused by the pooler',
    'connection/startup-parameter: the startup parameter statement_timeout is refused by the pooler',
    'session/set: SET search_path TO ?',
  ])
})

it('Sequelize: messages are left alone, the time zone is not; a search path for each statement', async () => {
  const script = `import { DataTypes, Sequelize } from 'sequelize'
const sequelize = new Sequelize(process.env.DATABASE_URL, {
  logging: false,
  dialectOptions: { clientMinMessages: 'ignore', prependSearchPath: true },
})
const User = sequelize.define('user', { name: DataTypes.STRING }, { timestamps: false })
await User.sync()
await User.findAll({ searchPath: 'acme, public' })
await sequelize.close()`
  const found = await foundIn(script)
  expect(found).toContain('session/set: SET TIME ZONE ?;')
  expect(found.filter((each) => each.includes('FROM "users"'))).toEqual([
    'session/set: SET search_path to ?;SELECT "id", "name" FROM "users" AS "user";',
  ])
})

it('MikroORM: the search path of a tenant for its migrations', async () => {
  const script = `import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql'
const User = defineEntity({ name: 'User', properties: { id: p.integer().primary() } })
const orm = await MikroORM.init({ clientUrl: process.env.DATABASE_URL, entities: [User] })
await orm.em.getConnection().execute('SET search_path TO "acme"')
await orm.close()`
  expect(await foundIn(script)).toEqual(['session/set: SET search_path TO ?'])
})
