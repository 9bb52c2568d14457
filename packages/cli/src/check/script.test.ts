import { describe, expect, it } from 'vitest'
import { findingsIn } from '../../../../test/support/cli/findings-in.ts'

const migration = 'prisma/migrations/20260101_a/migration.sql'

describe('a migration', () => {
  it.each([
    ["SET lock_timeout = '1s';\nALTER TABLE a ADD b int;", ['note 1 session/set']],
    ["SET lock_timeout = '1s';\nALTER TABLE a ADD b int;\nRESET lock_timeout;", []],
    ["SET LOCAL lock_timeout = '1s';\nALTER TABLE a ADD b int;", []],
    ['-- SET a = 1\nCREATE TEMP TABLE t (a int) ON COMMIT DROP;', []],
    ['CREATE TEMP TABLE t (a int);', ['note 1 session/temp-object']],
    ['CREATE TEMP TABLE t (a int);\nDROP TABLE t;', []],
    [
      'SELECT 1;\n\nSELECT pg_advisory_lock(1);\n-- done\nLISTEN a;',
      ['note 3 session/advisory-lock', 'note 5 session/listen'],
    ],
    [
      'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET search_path = a; END $$;\nSET role b;',
      ['note 2 session/role'],
    ],
    ["DO $$ BEGIN PERFORM set_config('a.b', 'c', false); END $$;", ['note 1 session/set-config']],
    ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;\nSET a.b = 1;', ['note 2 session/set']],
  ])('%j', (sql, expected) => {
    expect(findingsIn(sql, { path: migration })).toEqual(expected)
  })

  it('is known by the folders of the usual tools', () => {
    for (const path of [
      'drizzle/0001_a.sql',
      'db/migrations/001.sql',
      'src/migrations/1700000000000-a.ts',
      'flyway/sql/V1__a.sql',
      'migrations/20260101.js',
    ]) {
      const source = path.endsWith('.sql') ? 'LISTEN a;' : "pool.query('LISTEN a')"
      expect(findingsIn(source, { path })).toEqual(['note 1 session/listen'])
    }
    expect(
      findingsIn('class A implements MigrationInterface { up(queryRunner) { queryRunner.query(`LISTEN a`) } }', {
        path: 'src/a.ts',
      }),
    ).toHaveLength(1)
  })
})

describe('a file that exports both ways of a migration', () => {
  it.each([
    "export async function up(db) { await db.query('LISTEN a') }\nexport async function down(db) {}",
    "export const up = (pgm) => pgm.sql('LISTEN a')\nexport const down = () => {}",
    "exports.up = (knex) => knex.raw('LISTEN a')\nexports.down = () => {}",
    "module.exports = {\n  up: async (queryInterface) => pool.query('LISTEN a'),\n  down: async (queryInterface) => {} }",
    "module.exports = {\n  async up(queryInterface) { await pool.query('LISTEN a') },\n  async down(queryInterface) {} }",
  ])('is one: %s', (source) => {
    expect(findingsIn(source)).toEqual([expect.stringMatching(/^note \d session\/listen$/)])
  })

  it('is none with one of them', () => {
    expect(findingsIn("export async function up(db) { await db.query('LISTEN a') }")).toEqual(['1 session/listen'])
  })
})

describe('other SQL files', () => {
  it('are notes, because a script may run over any connection', () => {
    expect(findingsIn('LISTEN a;', { path: 'scripts/setup.sql' })).toEqual(['note 1 session/listen'])
  })

  it('are judged as code if the application sends them', () => {
    expect(findingsIn('SELECT pg_advisory_lock(:id)', { path: 'prisma/sql/lock.sql' })).toEqual([
      '1 session/advisory-lock',
    ])
    expect(findingsIn('-- name: Lock :one\nSELECT pg_advisory_lock($1);', { path: 'db/queries.sql' })).toEqual([
      '2 session/advisory-lock',
    ])
    expect(findingsIn('/* @name lock */\nSELECT pg_advisory_lock(:id!);', { path: 'src/lock.sql' })).toEqual([
      '2 session/advisory-lock',
    ])
  })

  it('are silent if they are for another database, or made by pg_dump', () => {
    expect(
      findingsIn('SET FOREIGN_KEY_CHECKS = 0;\nCREATE TABLE `a` (b int) ENGINE=InnoDB;', { path: 'a.sql' }),
    ).toEqual([])
    expect(findingsIn('--\n-- PostgreSQL database dump\n--\nSET statement_timeout = 0;', { path: 'a.sql' })).toEqual([])
    expect(findingsIn('SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";', { path: 'a.sql' })).toEqual([])
  })

  it('may have data and commands of psql', () => {
    const sql = "\\set ON_ERROR_STOP on\nCOPY a FROM stdin;\n1\t'SET a = 1;\n\\.\nLISTEN a;"
    expect(findingsIn(sql, { path: 'a.sql' })).toEqual(['note 5 session/listen'])
  })
})
