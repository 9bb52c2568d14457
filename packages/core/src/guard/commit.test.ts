import { describe, expect, test } from 'vitest'
import { openTransaction, send, watchedGuard } from '../../../../test/support/watched-guard.ts'

const unsafe = "SET app.token = 'hunter2'"

describe('inside a transaction', () => {
  const strict = { mode: 'strict' } as const

  test('COMMIT is refused for what it would leave behind, with the statement that left it', () => {
    const { guard } = watchedGuard(strict)
    const transaction = openTransaction()
    expect(send(guard, unsafe, { transaction })).toBeUndefined()
    expect(send(guard, 'SELECT 1', { transaction })).toBeUndefined()
    const error = send(guard, 'COMMIT', { transaction })
    expect(error).toMatchObject({ rule: 'session/set', statement: 'SET app.token = ?' })
    expect(error?.message).toContain('sent       yes, earlier in this transaction; poolsafe refused its COMMIT')
    expect(error?.stack).toContain('commit.test.ts')
    expect(send(guard, 'ROLLBACK', { transaction })).toBeUndefined()
    expect(transaction.isOpen).toBe(false)
  })

  test('nothing is said of what is rolled back or taken back', () => {
    const { guard } = watchedGuard(strict)
    for (const texts of [
      [unsafe, 'ROLLBACK'],
      [unsafe, 'RESET app.token', 'COMMIT'],
      ['SAVEPOINT a', unsafe, 'ROLLBACK TO a', 'COMMIT'],
    ]) {
      const transaction = openTransaction()
      for (const sql of texts) expect(send(guard, sql, { transaction }), texts.join('; ')).toBeUndefined()
    }
  })

  test('state that survives a rollback is refused at its statement', () => {
    const { guard } = watchedGuard(strict)
    expect(send(guard, 'SELECT pg_advisory_lock(1)', { transaction: openTransaction() })).toMatchObject({
      rule: 'session/advisory-lock',
    })
  })

  test('everything is refused at its statement where the options ask for that', () => {
    const { guard } = watchedGuard({ ...strict, decideAt: 'statement' })
    const transaction = openTransaction()
    expect(send(guard, unsafe, { transaction })).toMatchObject({ rule: 'session/set' })
    expect(send(guard, 'COMMIT', { transaction })).toBeUndefined()
  })

  test('the warning comes once, when the transaction is committed', () => {
    const { guard, logged } = watchedGuard()
    const transaction = openTransaction()
    send(guard, unsafe, { transaction })
    expect(logged).toEqual([])
    send(guard, 'COMMIT', { transaction })
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain('sent       yes, and its transaction is being committed')
  })

  test('an aborted transaction leaves nothing, whatever ends it', () => {
    const { guard } = watchedGuard(strict)
    const transaction = openTransaction()
    send(guard, unsafe, { transaction })
    transaction.fail()
    expect(send(guard, 'COMMIT', { transaction })).toBeUndefined()
  })
})
