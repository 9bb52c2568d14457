import type { Engine } from './engine.ts'
import { engineOf } from './brand.ts'
import { describe, expect, test } from 'vitest'
import { Transaction } from '../transaction/transaction.ts'
import type { Call } from './call.ts'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './options.ts'

const unsafe = "SET app.token = 'hunter2'"

interface Watched {
  readonly guard: Guard
  readonly logged: string[]
}

function watched(options: GuardOptions = {}): Watched {
  const logged: string[] = []
  return { guard: createGuard({ logger: { warn: (message) => void logged.push(message) }, ...options }), logged }
}

function opened(): Transaction {
  const transaction = new Transaction()
  transaction.isOpen = true
  return transaction
}

/** What an adapter does before it sends a statement. */
function send(guard: Guard, sql: string, call: Partial<Call> = {}): ReturnType<Engine['refuse']> {
  return engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { pinned: true, ...call }, send)
}

describe('inside a transaction', () => {
  const strict = { mode: 'strict' } as const

  test('COMMIT is refused for what it would leave behind, with the statement that left it', () => {
    const { guard } = watched(strict)
    const transaction = opened()
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
    const { guard } = watched(strict)
    for (const texts of [
      [unsafe, 'ROLLBACK'],
      [unsafe, 'RESET app.token', 'COMMIT'],
      ['SAVEPOINT a', unsafe, 'ROLLBACK TO a', 'COMMIT'],
    ]) {
      const transaction = opened()
      for (const sql of texts) expect(send(guard, sql, { transaction }), texts.join('; ')).toBeUndefined()
    }
  })

  test('what survives a rollback is refused at its statement', () => {
    const { guard } = watched(strict)
    expect(send(guard, 'SELECT pg_advisory_lock(1)', { transaction: opened() })).toMatchObject({
      rule: 'session/advisory-lock',
    })
  })

  test('everything is refused at its statement where the options ask for that', () => {
    const { guard } = watched({ ...strict, decideAt: 'statement' })
    const transaction = opened()
    expect(send(guard, unsafe, { transaction })).toMatchObject({ rule: 'session/set' })
    expect(send(guard, 'COMMIT', { transaction })).toBeUndefined()
  })

  test('the warning comes once, when the transaction is committed', () => {
    const { guard, logged } = watched()
    const transaction = opened()
    send(guard, unsafe, { transaction })
    expect(logged).toEqual([])
    send(guard, 'COMMIT', { transaction })
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain('sent       yes, and its transaction is being committed')
  })

  test('an aborted transaction leaves nothing, whatever ends it', () => {
    const { guard } = watched(strict)
    const transaction = opened()
    send(guard, unsafe, { transaction })
    transaction.fail()
    expect(send(guard, 'COMMIT', { transaction })).toBeUndefined()
  })
})
