import { engineOf } from '../guard/brand.ts'
import { describe, expect, test } from 'vitest'
import { createGuard } from '../guard/guard.ts'
import { sqlStateOf } from '../sql-state.ts'
import { Transaction } from './transaction.ts'

function serverError(code: string): Error {
  return Object.assign(new Error('the server says so'), { code })
}

/** A guard, and a transaction that is told what became of each statement. */
function begin(): {
  transaction: Transaction
  send: (sql: string, answer: Promise<unknown>) => Promise<unknown>
  refuses: (sql: string) => boolean
} {
  const guard = createGuard({ mode: 'strict', logger: { warn: () => {} } })
  const transaction = new Transaction({ isAnswered: true })
  const refuse = (sql: string): Error | undefined =>
    engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { transaction, pinned: true }, refuse)
  return {
    transaction,
    send(sql, answer) {
      expect(refuse(sql)).toBeUndefined()
      return transaction.watch(answer, sqlStateOf).catch(() => {})
    },
    refuses: (sql) => refuse(sql) !== undefined,
  }
}

const ofServer = serverError('XX000')
const done = Promise.resolve()
const set = "SET app.tenant = 'a'"

const failures: readonly (readonly [string, () => Promise<never>])[] = [
  ['is refused by the server', () => Promise.reject(ofServer)],
  ['fails in the client', () => Promise.reject(new Error('Query values must be an array'))],
  ['has no answer in time', () => Promise.reject(new Error('Query read timeout'))],
]

describe.each(failures)('a statement that %s', (name, failure) => {
  test.each(['ROLLBACK', 'ROLLBACK TO s', 'RESET app.tenant'])('has not taken back: %s', async (sql) => {
    const { send, refuses, transaction } = begin()
    await send('BEGIN', done)
    await send('SAVEPOINT s', done)
    await send(set, done)
    await send(sql, failure())
    // PostgreSQL rolls back the COMMIT of an aborted transaction.
    expect(refuses('COMMIT')).toBe(!name.includes('server'))
    expect(transaction.isOpen).toBe(name.includes('server') ? false : transaction.isOpen)
  })

  test('has not begun a transaction, as far as the server knows', async () => {
    const { send, transaction } = begin()
    await send('BEGIN', failure())
    if (name.includes('server')) expect(transaction.isOpen).toBe(false)
    transaction.serverSays('I')
    expect(transaction.isOpen).toBe(false)
  })
})

test.each([
  ['COMMIT', 'for a deferred constraint'],
  ["PREPARE TRANSACTION 'a'", 'for a temporary table'],
  ['COMMIT; INSERT INTO t VALUES (1)', 'behind the COMMIT'],
  ['ROLLBACK; RELEASE SAVEPOINT s', 'behind the ROLLBACK'],
  ['SAVEPOINT s; COMMIT; INSERT INTO t VALUES (1)', 'behind the COMMIT'],
])('a text that has failed may have ended its transaction: %s, %s', async (sql) => {
  const { send, refuses } = begin()
  await send('BEGIN', done)
  await send(sql, Promise.reject(ofServer))
  expect(refuses('PREPARE a AS SELECT 1')).toBe(true)
  expect(refuses(set)).toBe(true)
})

test.each(['SAVEPOINT s', 'SELECT missing'])(
  'where it has perhaps ended, a further failure shows nothing: %s',
  async (sql) => {
    const { send, refuses } = begin()
    await send('BEGIN', done)
    await send('ROLLBACK; SAVEPOINT s', Promise.reject(ofServer))
    await send(sql, Promise.reject(ofServer))
    expect(refuses(set)).toBe(true)
  },
)

const statementFailed = '34000'
const syntaxFailed = '42601'

test.each([
  ['BEGIN; CLOSE c', statementFailed, true],
  ['BEGIN; CLOSE c', syntaxFailed, false],
  ['BEGIN', statementFailed, false],
  ['SELECT * FROM missing; BEGIN; SELECT * FROM t; SAVEPOINT s', statementFailed, false],
  ['BEGIN; SELECT * FROM t; SAVEPOINT s', syntaxFailed, false],
  ['BEGIN; COMMIT; CLOSE c', statementFailed, false],
  ['BEGIN; CLOSE c; ROLLBACK AND CHAIN', statementFailed, false],
])('a text that begins a transaction and fails has begun it, if that is certain: %s, %s', async (sql, code, isSure) => {
  const { send, refuses } = begin()
  await send(sql, Promise.reject(serverError(code)))
  expect(refuses(set)).toBe(!isSure)
})

test('a COMMIT that has failed leaves no transaction open', async () => {
  const { send, transaction } = begin()
  await send('BEGIN', done)
  await send('COMMIT', Promise.reject(ofServer))
  expect(transaction.isOpen).toBe(false)
})

test('a statement behind an unanswered one is judged as if that had succeeded, and again if it fails', async () => {
  const { transaction, send } = begin()
  await send('BEGIN', done)
  await send(set, done)
  const rolledBack = send('ROLLBACK', Promise.reject(ofServer))
  const committed = send('COMMIT', done)
  expect(transaction.isOpen).toBe(false)
  await Promise.all([rolledBack, committed])
  // The server had aborted it.
  expect(transaction.takeLate()).toEqual([])
})

test('state that turns out to be left is reported once', async () => {
  const { transaction, send } = begin()
  await send('BEGIN', done)
  await send(set, done)
  void send('ROLLBACK', new Promise(() => {}))
  await send('COMMIT', done)
  expect(transaction.takeLate().map(({ effect }) => effect.what)).toEqual(['SET app.tenant'])
  expect(transaction.takeLate()).toEqual([])
})

test('a connection that is gone has no transaction', async () => {
  const { transaction, send } = begin()
  await send('BEGIN', done)
  await send(set, Promise.reject(new Error('Connection terminated unexpectedly')))
  expect(transaction.isOpen).toBe(false)
})

test('a statement without effect costs nothing: the promise of the driver is passed on unchanged', async () => {
  const { transaction, send } = begin()
  await send('BEGIN', done)
  const answer = Promise.resolve(1)
  expect(transaction.watch(answer, sqlStateOf)).toBe(answer)
})

test('a harmless statement that fails without being watched has aborted the transaction', async () => {
  const { transaction, send, refuses } = begin()
  await send('BEGIN', done)
  transaction.failUnwatched('22012')
  expect(refuses('PREPARE a AS SELECT 1')).toBe(false)
  await send('ROLLBACK', done)
  transaction.failUnwatched('22012')
  expect(refuses('PREPARE a AS SELECT 1')).toBe(true)
})

test('a text that fails behind its own SAVEPOINT has perhaps set it', async () => {
  const { send, refuses } = begin()
  await send('BEGIN', done)
  await send('SAVEPOINT s; SELECT missing', Promise.reject(ofServer))
  await send('ROLLBACK TO s', done)
  expect(refuses('PREPARE a AS SELECT 1')).toBe(true)
})

test('a statement that succeeds shows that its transaction is not aborted', async () => {
  const { send, refuses } = begin()
  await send('BEGIN', done)
  await send('SAVEPOINT a', Promise.reject(ofServer))
  await send('SELECT 1', done)
  expect(refuses('PREPARE a AS SELECT 1')).toBe(true)
})
