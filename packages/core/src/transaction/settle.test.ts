import { describe, expect, test } from 'vitest'
import { analyze } from '../analyze/analyze.ts'
import { autocommit, inTransaction, settle, Transaction, type Left, type TransactionState } from './settle.ts'

function named(entries: readonly Left[]): string[] {
  return entries.map(({ effect }) => effect.what)
}

/** What is due after each text, sent one after the other from autocommit. */
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
    ['SELECT pg_advisory_lock_shared(1); SELECT pg_advisory_unlock(1)', ['pg_advisory_lock_shared', 'pg_advisory_unlock']],
    ['SELECT pg_advisory_lock(1), pg_advisory_lock(2); SELECT pg_advisory_unlock_all()', []],
    ["SELECT pg_advisory_lock(hashtext('a')); SELECT pg_advisory_unlock(hashtext('a'))", []],
    ["SELECT pg_advisory_lock(hashtext('a')); SELECT pg_advisory_unlock(hashtext('b'))", ['pg_advisory_lock', 'pg_advisory_unlock']],
    ['SELECT pg_advisory_lock(mine(1)); SELECT pg_advisory_unlock(mine(1))', ['pg_advisory_lock', 'pg_advisory_unlock']],
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

describe('over several texts', () => {
  test('what only the commit decides is due there', () => {
    expect(dueOf('BEGIN', 'SET a.b = 1', 'SELECT 1', 'COMMIT')).toEqual([['the transaction that BEGIN opens'], [], [], ['SET a.b']])
  })

  test('what survives a rollback is due at the end of its text', () => {
    expect(dueOf('BEGIN; SET a.b = 1; SELECT pg_advisory_lock(1)', 'ROLLBACK')).toEqual([
      ['the transaction that BEGIN opens', 'pg_advisory_lock'],
      [],
    ])
  })

  test('savepoints are remembered', () => {
    expect(dueOf('BEGIN; SAVEPOINT s', 'SET a.b = 1', 'ROLLBACK TO s', 'COMMIT').slice(1)).toEqual([[], [], []])
    expect(dueOf('BEGIN', 'SET a.b = 1', 'SAVEPOINT "S"', 'SET a.c = 1', 'ROLLBACK TO "S"', 'COMMIT').at(-1)).toEqual(['SET a.b'])
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
