import { beforeEach, expect, test } from 'vitest'
import { Transaction } from '../transaction/transaction.ts'
import { engineOf } from './brand.ts'
import { createGuard, type Guard } from './guard.ts'

const sql = "SET app.tenant = '1'"
let logged: string[] = []
let guard: Guard

beforeEach(() => {
  logged = []
  guard = createGuard({ logger: { info: () => {}, warn: (message: string) => void logged.push(message) } })
  for (let time = 0; time < 5; time++) send()
})

function send(text = sql, transaction = new Transaction()): void {
  const engine = engineOf(guard)
  engine.refuse(text, engine.analyze(text), { pinned: true, transaction }, send)
}

function found(): number {
  return guard.stats().findings['session/set'] ?? 0
}

test('a repeated finding is logged once and counted each time', () => {
  expect(logged).toHaveLength(1)
  expect(found()).toBe(5)
})

test('a listener hears the next one', () => {
  const heard: string[] = []
  guard.on('finding', ({ statement }) => heard.push(statement))
  send()
  expect(heard).toEqual(['SET app.tenant = ?'])
})

test('a scope allows the next one, which is then not counted', () => {
  guard.allow('session/set', 'a test', () => send())
  expect(found()).toBe(5)
})

test('another text of the same normal form is reported for itself', () => {
  send(`${sql} /* another */`)
  expect(logged).toHaveLength(2)
})

test('inside a transaction the statement is left until its end, and a ROLLBACK takes it back', () => {
  const transaction = new Transaction()
  send('BEGIN', transaction)
  send(sql, transaction)
  expect(found()).toBe(5)
  expect(transaction.state.left).toHaveLength(1)
  send('ROLLBACK', transaction)
  expect(found()).toBe(5)
})
