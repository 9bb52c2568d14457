import { describe, expect, test } from 'vitest'
import { analyze } from '../analyze/analyze.ts'
import { settle } from './settle.ts'
import { autocommit, inTransaction, type TransactionState } from './state.ts'

/** Returns the effects that are due after each text. The texts are sent one after the other from autocommit. */
function dueOf(...texts: readonly string[]): string[][] {
  let state: TransactionState = autocommit
  return texts.map((sql) => {
    const { due, after } = settle(analyze(sql), { sql }, state)
    state = after
    return due.map(({ effect }) => effect.what)
  })
}

describe('state that survives a rollback is reported once, and found by the rest of its transaction', () => {
  const lock = 'pg_advisory_lock'
  const unlock = 'pg_advisory_unlock'
  test.each([
    [['PREPARE p AS SELECT 1', 'EXECUTE p', 'DEALLOCATE p'], ['PREPARE']],
    [['PREPARE p AS SELECT 1', 'DEALLOCATE ALL'], ['PREPARE']],
    [
      ['PREPARE p AS SELECT 1', 'EXECUTE q'],
      ['PREPARE', 'EXECUTE'],
    ],
    [
      ['PREPARE p AS SELECT 1', 'DEALLOCATE p', 'EXECUTE p'],
      ['PREPARE', 'EXECUTE'],
    ],
    [['PREPARE p AS SELECT 1', 'SAVEPOINT s', 'ROLLBACK TO s', 'EXECUTE p'], ['PREPARE']],
    [['SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_unlock(1)'], [lock]],
    [
      ['SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_unlock(1)', 'SELECT pg_advisory_unlock(1)'],
      [lock, unlock],
    ],
    [
      ['SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_unlock(2)'],
      [lock, unlock],
    ],
    [
      ['SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_unlock(1)'],
      [lock, lock],
    ],
    [['SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_unlock_all()'], [lock]],
    [
      ['SELECT pg_advisory_lock(1)', 'COMMIT AND CHAIN', 'SELECT pg_advisory_unlock(1)'],
      [lock, unlock],
    ],
    [['SELECT pg_advisory_lock(1)', 'SAVEPOINT s', 'SELECT 1 / 0', 'SELECT pg_advisory_unlock(1)'], [lock]],
  ])('%j', (statements, expected) => {
    expect(
      dueOf('BEGIN', ...statements, 'COMMIT')
        .flat()
        .slice(1),
    ).toEqual(expected)
  })

  test('is bounded', () => {
    let state: TransactionState = inTransaction
    for (let count = 0; count < 2000; count++)
      state = settle(analyze('SELECT pg_advisory_lock(1)'), { sql: '' }, state).after
    expect(state.reported?.length).toBeLessThan(100)
  })
})
