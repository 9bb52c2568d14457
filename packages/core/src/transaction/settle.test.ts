import { describe, expect, test } from 'vitest'
import { analyze } from '../analyze/analyze.ts'
import { settle } from './settle.ts'
import { autocommit, inTransaction, type Left, type TransactionState } from './state.ts'
import { Transaction } from './transaction.ts'

function named(entries: readonly Left[]): string[] {
  return entries.map(({ effect }) => effect.what)
}

/** Returns the effects that are due after each text. The texts are sent one after the other from autocommit. */
function dueOf(...texts: readonly string[]): string[][] {
  let state: TransactionState = autocommit
  return texts.map((sql) => {
    const { due, after } = settle(analyze(sql), { sql }, state)
    state = after
    return named(due)
  })
}

describe('how a text leaves the transaction', () => {
  test.each([
    ['BEGIN', true, true],
    ['START TRANSACTION', true, true],
    ['/* a */ begin work', true, true],
    ['BEGIN; SELECT 1', true, true],
    ['COMMIT; BEGIN', true, true],
    // The server refuses both where there is no transaction to chain to.
    ['COMMIT AND CHAIN', false, true],
    ['ROLLBACK AND CHAIN', false, true],
    ['COMMIT', false, false],
    ['END', false, false],
    ['ROLLBACK', false, false],
    ['ABORT', false, false],
    ["PREPARE TRANSACTION 'a'", false, false],
    ['BEGIN; SELECT 1; COMMIT', false, false],
    ['COMMIT AND NO CHAIN', false, false],
    ['SELECT 1', false, true],
    ['SAVEPOINT a', false, true],
    ['ROLLBACK TO a', false, true],
    ['RELEASE a', false, true],
    ["COMMIT PREPARED 'a'", false, true],
    ["ROLLBACK PREPARED 'a'", false, true],
    ["SELECT 'BEGIN'", false, true],
    ['', false, true],
  ])('%s', (sql, fromAutocommit, fromTransaction) => {
    expect(settle(analyze(sql), { sql }, autocommit).after.isOpen).toBe(fromAutocommit)
    expect(settle(analyze(sql), { sql }, inTransaction).after.isOpen).toBe(fromTransaction)
  })
})

describe('in one text', () => {
  test.each([
    ['SET a.b = 1', ['SET a.b']],
    ['BEGIN; SET a.b = 1; COMMIT', ['SET a.b']],
    ['BEGIN; SET a.b = 1; ROLLBACK', []],
    ['BEGIN; SET a.b = 1; RESET a.b; COMMIT', []],
    ['BEGIN; SET a.b = 1; SET a.b TO DEFAULT; COMMIT', []],
    ['BEGIN; SET a.b = 1; SET a.c = 1; RESET ALL; COMMIT', []],
    ['BEGIN; SET a.b = 1; RESET a.c; COMMIT', ['SET a.b', 'RESET a.c']],
    ['BEGIN; SET SESSION AUTHORIZATION a; RESET ALL; COMMIT', ['SET SESSION AUTHORIZATION', 'RESET ALL']],
    ['BEGIN; SAVEPOINT s; SET a.b = 1; ROLLBACK TO s; COMMIT', []],
    ['BEGIN; SET a.b = 1; SAVEPOINT s; SET a.c = 1; ROLLBACK TO s; COMMIT', ['SET a.b']],
    ['BEGIN; SAVEPOINT s; SET a.b = 1; RELEASE s; COMMIT', ['SET a.b']],
    ['BEGIN; SAVEPOINT s; SET a.b = 1; SAVEPOINT s; SET a.c = 1; ROLLBACK TO s; COMMIT', ['SET a.b']],
    ['BEGIN; SET a.b = 1; SAVEPOINT s; RESET a.b; SET a.c = 1; ROLLBACK TO s; COMMIT', ['SET a.b']],
    ['BEGIN; SET a.b = 1; SAVEPOINT s; RESET a.b; ROLLBACK TO s; RESET a.b; COMMIT', []],
    ['BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; SAVEPOINT s; CLOSE c; ROLLBACK TO s; COMMIT', []],
    ['BEGIN; SELECT pg_advisory_lock(1); SAVEPOINT s; SELECT pg_advisory_unlock(1); ROLLBACK TO s; COMMIT', []],
    ['BEGIN; SET a.b = 1; COMMIT AND CHAIN; SET a.c = 1; ROLLBACK', ['SET a.b']],
    ['BEGIN; LISTEN a; LISTEN b; UNLISTEN a; COMMIT', ['LISTEN b']],
    ['BEGIN; LISTEN a; LISTEN b; UNLISTEN *; COMMIT', []],
    ['CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1); DROP TABLE t', []],
    ['CREATE TEMP TABLE t (a int); DROP TABLE u', ['CREATE TEMP TABLE']],
    ['BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; CLOSE c; COMMIT', []],
    ['BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; CLOSE ALL; COMMIT', []],
    ['BEGIN; SELECT pg_advisory_lock(1); ROLLBACK', ['pg_advisory_lock']],
    ['SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock(1)', []],
    ['SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock(2)', ['pg_advisory_lock', 'pg_advisory_unlock']],
    ['SELECT pg_advisory_lock(1), pg_advisory_lock(1); SELECT pg_advisory_unlock(1)', ['pg_advisory_lock']],
    [
      'SELECT pg_advisory_lock_shared(1); SELECT pg_advisory_unlock(1)',
      ['pg_advisory_lock_shared', 'pg_advisory_unlock'],
    ],
    ['SELECT pg_advisory_lock(1), pg_advisory_lock(2); SELECT pg_advisory_unlock_all()', []],
    ["SELECT pg_advisory_lock(hashtext('a')); SELECT pg_advisory_unlock(hashtext('a'))", []],
    [
      "SELECT pg_advisory_lock(hashtext('a')); SELECT pg_advisory_unlock(hashtext('b'))",
      ['pg_advisory_lock', 'pg_advisory_unlock'],
    ],
    [
      'SELECT pg_advisory_lock(mine(1)); SELECT pg_advisory_unlock(mine(1))',
      ['pg_advisory_lock', 'pg_advisory_unlock'],
    ],
    ['BEGIN; PREPARE p AS SELECT 1; ROLLBACK', ['PREPARE']],
    ['PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p', []],
    ['PREPARE p AS SELECT 1; EXECUTE q', ['EXECUTE', 'PREPARE']],
    ['BEGIN; SELECT setseed(0.5); ROLLBACK', ['setseed']],
    ['BEGIN; SET LOCAL a.b = 1; COMMIT', []],
    ['SET LOCAL a.b = 1', ['SET LOCAL a.b']],
    ['SELECT 1; SET LOCAL a.b = 1', ['SET LOCAL a.b']],
    ['SET LOCAL a.b = 1; COMMIT', ['SET LOCAL a.b']],
    ['BEGIN; SELECT 1; COMMIT; SET LOCAL a.b = 1', ['SET LOCAL a.b']],
    ['SET LOCAL a.b = 1; SELECT 1', []],
    ['SET LOCAL a.b = 1; BEGIN; SELECT 1; COMMIT', []],
    ['BEGIN; COMMIT; SET LOCAL a.b = 1; SELECT 1', []],
    ["BEGIN; SET a.b = 1; SELECT set_config('a.b', NULL, false); COMMIT", []],
    ['PREPARE a AS SELECT pg_advisory_lock(1); EXECUTE a; DEALLOCATE a', ['pg_advisory_lock']],
    ['PREPARE a AS SELECT pg_advisory_lock(1); DEALLOCATE a', []],
  ])('%s', (sql, expected) => {
    expect(dueOf(sql)).toEqual([expected])
  })
})

describe('a statement that may not run takes nothing back', () => {
  test.each([
    ['SET a.b = 1', "SELECT set_config('a.b', NULL, false) WHERE false"],
    ['SET a.b = 1', "SELECT set_config('a.b', NULL, false) LIMIT 0"],
    ['SET a.b = 1', "SELECT set_config('a.b', NULL, false) OFFSET 1"],
    ['SET a.b = 1', "SELECT set_config('a.b', NULL, false) HAVING false"],
    ['SET a.b = 1', "SELECT set_config('a.b', NULL, false) FROM users"],
    ['SET a.b = 1', "SELECT CASE WHEN x THEN set_config('a.b', NULL, false) END"],
    ['SET a.b = 1', "SELECT coalesce('x', set_config('a.b', NULL, false))"],
    ['SET a.b = 1', "WITH w AS (SELECT set_config('a.b', NULL, false)) SELECT 1"],
    ['SET a.b = 1', "SELECT set_config('a.b', NULL, false), generate_series(1, 0)"],
    ['SET a.b = 1', "SELECT set_config('a.b', NULL, $1)"],
    ['SET a.b = 1', 'SELECT set_config($1, NULL, false)'],
    ["SELECT set_config('role', 'a', false)", 'RESET ALL'],
    ['SELECT set_config($1, $2, false)', 'RESET ALL'],
    ['SET a.b = 1', 'DO $$ BEGIN IF a THEN RESET a.b; END IF; END $$'],
    ['SET a.b = 1', 'DO $$ BEGIN RETURN; RESET a.b; END $$'],
    ['SET a.b = 1', 'DO $$ BEGIN <<o>> BEGIN EXIT o; RESET a.b; END; END $$'],
    ['SET a.b = 1', 'DO $$ BEGIN RESET a.b; EXCEPTION WHEN OTHERS THEN NULL; END $$'],
    ['SET a.b = 1', 'DO $$ BEGIN FOR i IN 1..0 LOOP RESET a.b; END LOOP; END $$'],
    ['SET a.b = 1', 'DO $$ BEGIN RESET a.b; ROLLBACK; END $$'],
    ['LISTEN a', 'UNLISTEN b'],
    ['CREATE TEMP VIEW t AS SELECT 1', 'DROP TABLE t'],
    ["CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", 'DROP FUNCTION IF EXISTS f()'],
    [
      "CREATE FUNCTION pg_temp.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      'DROP FUNCTION IF EXISTS pg_temp.f(text)',
    ],
    ['SET LOCAL search_path = pg_temp', 'DROP TABLE t'],
  ])('%s; %s', (leaves, clears) => {
    const [, ...left] = dueOf('BEGIN', leaves, clears, 'COMMIT').flat()
    expect(left).toContain(dueOf(leaves.startsWith('SET LOCAL') ? `BEGIN; ${leaves}; COMMIT` : leaves).flat()[0])
  })

  test.each([
    ['SELECT pg_advisory_lock(1); SELECT 1 / 0; SELECT pg_advisory_unlock(1)', ['pg_advisory_lock']],
    ['PREPARE a AS SELECT 1; SELECT * FROM users; DEALLOCATE a', ['PREPARE']],
    ['SELECT pg_advisory_lock(1); SELECT 1, now(), $1; SELECT pg_advisory_unlock(1)', []],
    ['SELECT pg_advisory_lock(1) FROM users; SELECT pg_advisory_unlock(1)', ['pg_advisory_lock', 'pg_advisory_unlock']],
    [
      'PREPARE a AS SELECT pg_advisory_lock($1); PREPARE b AS SELECT pg_advisory_unlock($1); EXECUTE a(1); EXECUTE b(2); DEALLOCATE ALL',
      ['pg_advisory_unlock', 'PREPARE', 'PREPARE', 'pg_advisory_lock'],
    ],
  ])('what a rollback leaves stays where anything between may fail: %s', (sql, expected) => {
    expect(dueOf(sql).flat().toSorted()).toEqual(expected.toSorted())
  })
})

describe('statements that take back all the same', () => {
  test.each([
    ['SET a.b = 1', 'DO $$ BEGIN RESET a.b; END $$'],
    ['SET a.b = 1', "SELECT set_config('a.b', NULL, NULL), 1"],
    ['SET a.b = 1', 'DO $$ BEGIN LOOP EXIT; END LOOP; RESET a.b; END $$'],
    ['CREATE TEMP TABLE t (a int)', 'ALTER TABLE t RENAME TO u; DROP TABLE u'],
    ["CREATE FUNCTION pg_temp.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'", 'DROP FUNCTION pg_temp.f'],
    ['CREATE DOMAIN pg_temp.d AS int', 'DROP TYPE pg_temp.d'],
    ["SELECT set_config('role', 'a', false)", 'RESET ROLE'],
    ['SET ROLE a', "SELECT set_config('role', 'none', false)"],
  ])('%s; %s', (leaves, clears) => {
    expect(dueOf('BEGIN', leaves, clears, 'COMMIT').flat().slice(1)).toEqual([])
  })
})

describe('a text that fails', () => {
  /** Returns the effects that are due after texts that follow one that has failed. */
  function dueAfterFailure(before: readonly string[], failing: string, ...then: readonly string[]): string[] {
    const transaction = new Transaction()
    const send = (sql: string): Left[] => {
      const { due, after } = settle(analyze(sql), { sql }, transaction.state)
      transaction.state = after
      return [...due]
    }
    for (const sql of ['BEGIN', ...before, failing]) send(sql)
    transaction.fail()
    return named(then.flatMap(send))
  }

  test('has not ended the transaction, where its ROLLBACK follows what may fail', () => {
    expect(
      dueAfterFailure(['SET a.b = 1', 'SAVEPOINT s'], 'SELECT 1 / 0; ROLLBACK', 'ROLLBACK TO s', 'COMMIT'),
    ).toEqual(['SET a.b'])
  })

  test('has not set its savepoint', () => {
    expect(
      dueAfterFailure(
        ['SET a.b = 1', 'SAVEPOINT s'],
        'RESET a.b; SELECT 1 / 0; SAVEPOINT s',
        'ROLLBACK TO s',
        'COMMIT',
      ),
    ).toEqual(['SET a.b'])
  })

  test('has chained no transaction', () => {
    expect(dueAfterFailure([], 'COMMIT AND CHAIN', 'SET a.b = 1')).toEqual(['SET a.b'])
  })

  test('has ended the transaction, where it is the COMMIT that fails', () => {
    expect(dueAfterFailure([], 'COMMIT', 'SET a.b = 1')).toEqual(['SET a.b'])
    expect(dueAfterFailure([], 'SELECT 1 / 0; COMMIT', 'SET a.b = 1')).toEqual(['SET a.b'])
  })

  test('has released no savepoint', () => {
    expect(
      dueAfterFailure(['SET a.b = 1', 'SAVEPOINT s', 'RESET a.b'], 'RELEASE s', 'ROLLBACK TO s', 'COMMIT'),
    ).toEqual(['SET a.b'])
  })

  test('changes nothing any more until a part of it is rolled back', () => {
    expect(
      dueAfterFailure(
        ['SAVEPOINT s'],
        'SELECT 1; SELECT 1 / 0',
        'SELECT pg_advisory_lock(1)',
        'RELEASE s',
        'ROLLBACK TO s',
        'SET a.b = 1',
        'COMMIT',
      ),
    ).toEqual(['SET a.b'])
  })
})

test('names are the same where the server cuts them to the same', () => {
  const long = 'é'.repeat(31)
  expect(
    dueOf('BEGIN', 'SET a.b = 1', `SAVEPOINT "${long}ab"`, 'RESET a.b', `ROLLBACK TO "${long}ac"`, 'COMMIT').at(-1),
  ).toEqual(['SET a.b'])
  expect(dueOf('BEGIN', 'SET "a.É" = 1', 'RESET "a.é"', 'COMMIT').at(-1)).toContain('SET a.É')
})

describe('over several texts', () => {
  test('an effect that only the commit decides is due there', () => {
    expect(dueOf('BEGIN', 'SET a.b = 1', 'SELECT 1', 'COMMIT')).toEqual([
      ['the transaction that BEGIN opens'],
      [],
      [],
      ['SET a.b'],
    ])
  })

  test('an effect that survives a rollback is due at the end of its text', () => {
    expect(dueOf('BEGIN; SET a.b = 1; SELECT pg_advisory_lock(1)', 'ROLLBACK')).toEqual([
      ['the transaction that BEGIN opens', 'pg_advisory_lock'],
      [],
    ])
  })

  test('savepoints are remembered', () => {
    expect(dueOf('BEGIN; SAVEPOINT s', 'SET a.b = 1', 'ROLLBACK TO s', 'COMMIT').slice(1)).toEqual([[], [], []])
    expect(dueOf('BEGIN', 'SET a.b = 1', 'SAVEPOINT "S"', 'SET a.c = 1', 'ROLLBACK TO "S"', 'COMMIT').at(-1)).toEqual([
      'SET a.b',
    ])
  })
})

describe('a transaction', () => {
  test('forgets what was left by one that ended unseen', () => {
    const transaction = new Transaction()
    transaction.isOpen = true
    transaction.state = settle(analyze('SET a.b = 1'), { sql: '' }, transaction.state).after
    expect(named(transaction.state.left)).toEqual(['SET a.b'])
    transaction.isOpen = true
    expect(named(transaction.state.left)).toEqual(['SET a.b'])
    transaction.isOpen = false
    expect(transaction.state).toEqual(autocommit)
  })
})
