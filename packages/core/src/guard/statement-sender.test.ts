import { engineOf } from './brand.ts'
import { expect, test } from 'vitest'
import { sqlStateOf } from '../sql-state.ts'
import type { QueryEvent } from '../observe/events.ts'
import { Transaction } from '../transaction/transaction.ts'
import { createGuard } from './guard.ts'
import type { AnswerReader } from './sender-options.ts'
import { StatementSender } from './statement-sender.ts'

const reader: AnswerReader = {
  layer: 'trial',
  rowsOf: (result) => (result as unknown[]).length,
  sqlStateOf,
  answerOf: (result) => ({ rows: result as unknown[] }),
}

const failure = Object.assign(new Error('no'), { code: '25001' })

/** Sends texts one after the other over one connection. Those that `fails` names fail at the server. */
async function eventsOf(texts: readonly string[], fails: readonly string[] = []): Promise<QueryEvent[]> {
  const guard = createGuard({ logger: { warn() {} } })
  const events: QueryEvent[] = []
  guard.on('query', (event) => void events.push(event))
  const sender = new StatementSender(engineOf(guard), reader, { transaction: new Transaction({ isAnswered: true }) })
  const forward = (sql: string): Promise<unknown[]> =>
    fails.includes(sql) ? Promise.reject(failure) : Promise.resolve([sql])
  const send = (sql: string): Promise<unknown> => sender.send(sql, send, forward, sql)
  for (const sql of texts) await send(sql).catch(() => {})
  return events
}

/** The texts whose event says that a transaction was open. */
function inside(events: readonly QueryEvent[]): string[] {
  return events.filter(({ transactionMillis }) => transactionMillis !== undefined).map(({ statement }) => statement)
}

test('an event says for how long its transaction has been open, from BEGIN to COMMIT', async () => {
  const events = await eventsOf(['SELECT 1', 'BEGIN', 'SELECT 2 AS a', 'SET LOCAL a.b = 1', 'COMMIT', 'SELECT 3 AS b'])
  expect(inside(events)).toEqual(['SELECT ? AS a', 'SET LOCAL a.b = ?', 'COMMIT'])
})

test('a COMMIT right behind its BEGIN is inside the transaction', async () => {
  expect(inside(await eventsOf(['BEGIN', 'COMMIT', 'SELECT 1']))).toEqual(['COMMIT'])
})

test('a BEGIN that failed opens no transaction', async () => {
  expect(inside(await eventsOf(['BEGIN', 'SELECT 1'], ['BEGIN']))).toEqual([])
})

test('a statement is reported once, with the layer, its rows and its SQLSTATE', async () => {
  const events = await eventsOf(['SELECT 1', 'SELECT nothing'], ['SELECT nothing'])
  expect(events.map(({ layer, rows, failed, sqlState }) => ({ layer, rows, failed, sqlState }))).toEqual([
    { layer: 'trial', rows: 1, failed: false, sqlState: undefined },
    { layer: 'trial', rows: undefined, failed: true, sqlState: '25001' },
  ])
})
