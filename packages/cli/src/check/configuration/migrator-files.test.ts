import { describe, expect, it } from 'vitest'
import { findingsIn } from '../../../../../test/support/cli/findings-in.ts'

const json = (value: object): string => JSON.stringify(value, undefined, 1)
const remote = { driver: 'pg', host: 'db.example.com', user: 'a' }

describe('database.json of db-migrate', () => {
  it.each([
    ['a remote host', json({ prod: remote }), ['note 2 session/set']],
    [
      'a host of the environment',
      json({ 'sql-file': true, prod: { driver: 'pg', host: { ENV: 'HOST' } } }),
      ['note 3 session/set'],
    ],
    [
      'a pooler on this machine',
      json({ dev: { driver: 'pg', host: 'localhost', port: 6432 } }),
      ['note 2 session/set'],
    ],
    [
      'two environments',
      json({ dev: { driver: 'pg' }, staging: remote, prod: remote }),
      ['note 5 session/set', 'note 10 session/set'],
    ],
    ['a default environment', json({ defaultEnv: 'prod', prod: remote }), ['note 3 session/set']],
    ['a name with quotes', json({ 'a"b': remote }), ['note 2 session/set']],
    [
      'a URL with a parameter of the login',
      json({ prod: { url: 'postgres://a@b:5432/c?statement_timeout=1' } }),
      ['3 connection/startup-parameter'],
    ],
  ])('is found: %s', (_, source, expected) => {
    expect(findingsIn(source, { path: 'database.json' })).toEqual(expected)
  })

  it.each([
    ['a local database', json({ dev: { driver: 'pg', host: '127.0.0.1' }, test: { driver: 'pg' } })],
    ['another database', json({ prod: { driver: 'mysql', host: 'db.example.com' } })],
    ['data with the same name', json({ tables: [{ driver: 'pg' }], a: null, b: 'pg' })],
    ['a list', '[1]'],
    ['no JSON', '{ "driver": "pg"'],
  ])('is silent: %s', (_, source) => {
    expect(findingsIn(source, { path: 'config/database.json' })).toEqual([])
  })

  it('has another name', () => {
    expect(findingsIn(json({ prod: remote }), { path: 'config/my-database.json' })).toEqual([])
  })
})

describe('atlas.hcl', () => {
  it('is found if its URL leads to a pooler', () => {
    const source =
      'env "prod" {\n  url = "postgres://a:b@ep-x-pooler.eu.aws.neon.tech/c"\n  dev = "docker://postgres/18"\n}'
    expect(findingsIn(source, { path: 'atlas.hcl' })).toEqual(['note 2 session/advisory-lock'])
  })

  it.each([
    'env "prod" {\n  url = "postgres://a:b@ep-x.eu.aws.neon.tech/c"\n}',
    'env "prod" {\n  url = getenv("DATABASE_URL")\n}',
    '# url = "postgres://a:b@ep-x-pooler.eu.aws.neon.tech/c"',
  ])('is silent: %s', (source) => {
    expect(findingsIn(source, { path: 'db/atlas.hcl' })).toEqual([])
  })
})
