import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../test/support/cli/project.ts'

async function fixed(path: string, source: string, config: string = '{}'): Promise<string> {
  const cwd = writeProject({ [path]: source, 'poolsafe.config.json': config })
  await runCli(['check', '--fix'], { cwd })
  return readFileSync(join(cwd, path), 'utf8')
}

describe('--fix repairs a migration that its runner sends in a transaction', () => {
  it.each([
    ['Kysely', "export async function up(db) { await sql`SET lock_timeout = '1s'`.execute(db) }"],
    ['Kysely, an object', "export const all = { async up(db) { await sql`SET lock_timeout = '1s'`.execute(db) } }"],
    ['Knex', 'exports.up = async function (knex) { await knex.raw("SET lock_timeout = \'1s\'") }'],
    [
      'TypeORM',
      "class A implements MigrationInterface { async up(queryRunner) { await queryRunner.query(`SET lock_timeout = '1s'`) } }",
    ],
    ['node-pg-migrate', "export const up = (pgm) => { pgm.sql(`SET lock_timeout = '1s'`) }"],
    ['MikroORM', "class A extends Migration { async up() { this.addSql(`SET lock_timeout = '1s'`) } }"],
  ])('of %s', async (_, source) => {
    expect(await fixed('src/migrations/1_a.ts', source)).toBe(source.replace('SET lock', 'SET LOCAL lock'))
  })
})

const set = "SET lock_timeout = '1s';\n"

describe('--fix leaves alone', () => {
  it.each([
    [
      'a migration of Sequelize, which has no transaction',
      'migrations/1_a.js',
      'exports.up = async (queryInterface) => { await queryInterface.sequelize.query("CREATE TEMP TABLE a AS SELECT 1") }',
    ],
    [
      'a migration without a transaction',
      'migrations/1_a.ts',
      'export const up = (pgm) => { pgm.noTransaction(); pgm.sql(`SET work_mem = 1`) }',
    ],
    [
      'a migration that builds an index concurrently',
      'migrations/1_a.sql',
      `${set}CREATE INDEX CONCURRENTLY a ON b (c);\n`,
    ],
    [
      'code that lies in a folder of migrations',
      'src/migration/runner.ts',
      'await connection.query(`SET work_mem = 1`)',
    ],
    ['another database', 'src/migrations/mysql/1_a.sql', 'SET foreign_key_checks = 0;\n'],
    ['a setting of MySQL', 'src/migrations/1_a.sql', 'SET foreign_key_checks = 0;\n'],
    [
      'what a comment allows',
      'src/a.ts',
      "await db.transaction(async (tx) => {\n// poolsafe-allow session/set: on the direct connection\nawait tx.query('SET a.b = 1') })",
    ],
    [
      'what the transaction takes back',
      'src/a.ts',
      "await db.transaction(async (tx) => { await tx.query('SET a.b = 1')\nawait tx.query('RESET a.b') })",
    ],
  ])('%s', async (_, path, source) => {
    expect(await fixed(path, source)).toBe(source)
  })

  it('statements that the configuration allows', async () => {
    const config = JSON.stringify({ guard: { rules: { 'session/set': 'allow' } } })
    expect(await fixed('prisma/migrations/1_a/migration.sql', set, config)).toBe(set)
  })
})
