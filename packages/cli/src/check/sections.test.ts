import { describe, expect, it } from 'vitest'
import { findingsIn } from '../../../../test/support/cli/findings-in.ts'

const set = "SET lock_timeout = '1s';"
const local = "SET LOCAL lock_timeout = '1s';"
const set3 = 'note 3 session/set'

const found: Readonly<Record<string, readonly [sql: string, ...findings: string[]]>> = {
  'dbmate, whose down does not take back its up': [
    `-- migrate:up\n\n${set}\n-- migrate:down\nRESET lock_timeout;`,
    set3,
    'note 5 session/set',
  ],
  'dbmate, a temporary table that down drops': [
    '-- migrate:up\n\nCREATE TEMP TABLE a (b int);\n-- migrate:down\nDROP TABLE a;',
    'note 3 session/temp-object',
  ],
  'dbmate, in down': [`-- migrate:up\nSELECT 1;\n-- migrate:down\n${set}`, 'note 4 session/set'],
  'dbmate, SET LOCAL alone without a transaction': [
    `-- migrate:up transaction:false\n\n${local}\n-- migrate:down\nSELECT 1;`,
    'note 3 transaction/set-local',
  ],
  goose: [`-- +goose Up\n\n${set}\n-- +goose Down\nRESET lock_timeout;`, set3, 'note 5 session/set'],
  'goose, SET LOCAL without a transaction': [
    `-- +goose NO TRANSACTION\n-- +goose Up\n${local}\nCREATE INDEX CONCURRENTLY a ON b (c);`,
    'note 3 transaction/set-local',
  ],
  'goose, ON COMMIT DROP without a transaction, in small letters': [
    '-- +goose no transaction\n-- +goose up\nCREATE TEMP TABLE a (b int);\nDROP TABLE c;',
    'note 3 session/temp-object',
  ],
  'goose, one statement between its comments': [
    `-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\n${local}\n-- +goose StatementEnd\nSELECT 1;`,
    'note 4 transaction/set-local',
  ],
  'goose, statements without a transaction, which a pooler may send to two connections': [
    `-- +goose NO TRANSACTION\n-- +goose Up\n${set}\nRESET lock_timeout;`,
    set3,
    'note 4 session/set',
  ],
  'sql-migrate': [
    `-- +migrate Up notransaction\n${local}\nSELECT 1;\n-- +migrate Down\n${local}`,
    'note 2 transaction/set-local',
  ],
  'node-pg-migrate': [`-- Up Migration\n\n${set}\n-- Down Migration\nRESET lock_timeout;`, set3, 'note 5 session/set'],
  'graphile-migrate': [`--! Previous: -\n--! Hash: sha1:a\n${set}\nALTER TABLE a ADD b int;`, set3],
  'graphile-migrate without a transaction': [`--! no-transaction\n\n${local}`, 'note 3 transaction/set-local'],
  Atlas: [`-- atlas:txmode none\n\n${local}\nALTER TABLE a ADD b int;`, 'note 3 transaction/set-local'],
}

const silent: Readonly<Record<string, string>> = {
  'dbmate, SET LOCAL': `-- migrate:up\n${local}\n-- migrate:down\n${local}`,
  'dbmate, what the same part takes back': `-- migrate:up\n${set}\nRESET lock_timeout;\n-- migrate:down\nSELECT 1;`,
  'dbmate, several statements as one query': `-- migrate:up transaction:false\n${local}\nALTER TABLE a ADD b int;`,
  'goose, SET LOCAL': `-- +goose Up\n${local}\n-- +goose Down\n${local}`,
  'goose, several statements as one query': `-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\n${local}\nALTER TABLE a ADD b int;\n-- +goose StatementEnd`,
  'goose, a body with semicolons': `-- +goose Up\n-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET a.b = 1; END $$;\n-- +goose StatementEnd`,
  'graphile-migrate, SET LOCAL': `--! Previous: -\n--! Hash: sha1:a\n${local}`,
  'Atlas, SET LOCAL': `-- atlas:txmode file\n${local}`,
  'what stands in front of the first part': `${set}\n-- +goose Up\nSELECT 1;`,
}

describe('a migration with its directions in one file', () => {
  it.each(Object.entries(found))('%s', (_, [sql, ...findings]) => {
    expect(findingsIn(sql, { path: 'db/migrations/1_a.sql' })).toEqual(findings)
  })

  it.each(Object.entries(silent))('is right: %s', (_, sql) => {
    expect(findingsIn(sql, { path: 'db/migrations/1_a.sql' })).toEqual([])
  })

  it('is a migration in any folder', () => {
    expect(findingsIn(`-- +goose Up\n${local}`, { path: 'sql/schema/001_users.sql' })).toEqual([])
    expect(findingsIn(`-- +goose Up\n${set}`, { path: 'sql/schema/001_users.sql' })).toEqual(['note 2 session/set'])
  })

  it('may allow a statement in either part', () => {
    const allow = '-- poolsafe-allow session/set: over the direct connection\n'
    expect(findingsIn(`-- migrate:up\n${allow}${set}\n-- migrate:down\n${set} ${allow}`, { path: 'db/1.sql' })).toEqual(
      [],
    )
  })
})
