import { deepEqual, equal } from 'node:assert/strict'
import type { QueryEvent } from '@poolsafe/core'
import type { ConformanceClient } from './adapter.ts'
import type { Case } from './case.ts'
import { quietGuard, type Trial } from './trial.ts'

/** The events that a guard's listeners hear about the statements that were sent. */
export function observationCases(trial: Trial<ConformanceClient>): Case[] {
  return [reportsOnce(trial), reportsFailures(trial), countsTransactions(trial)]
}

/** The events `query` of the statements that `work` sends, without those that begin and end transactions. */
async function eventsOf(
  trial: Trial<ConformanceClient>,
  work: (client: ConformanceClient) => Promise<unknown>,
): Promise<QueryEvent[]> {
  const guard = quietGuard({})
  const events: QueryEvent[] = []
  guard.on('query', (event) => void events.push(event))
  await trial.use(guard, work)
  return events.filter(({ kind }) => kind !== 'transaction')
}

function reportsOnce(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'reports each statement once, with its rows',
    async run() {
      const events = await eventsOf(trial, ({ query }) => query('SELECT id FROM generate_series(1, 3) AS id'))
      deepEqual(
        events.map(({ failed, rows, transactionMillis }) => ({ failed, rows, transactionMillis })),
        [{ failed: false, rows: 3, transactionMillis: undefined }],
      )
    },
  }
}

function reportsFailures(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'reports a statement that fails with its SQLSTATE, and a refused one not at all',
    async run() {
      const events = await eventsOf(trial, async ({ query }) => {
        await query('SELECT 1/0').catch(() => {})
      })
      deepEqual(
        events.map(({ failed, sqlState }) => ({ failed, sqlState })),
        [{ failed: true, sqlState: '22012' }],
      )
      const guard = quietGuard({ rules: { 'session/listen': 'throw' } })
      await trial.use(guard, ({ query }) => query('LISTEN orders').catch(() => []))
      equal(guard.stats().totalQueries, 0)
    },
  }
}

function countsTransactions(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'reports for how long the transaction of a statement has been open',
    async run() {
      const [event] = await eventsOf(trial, ({ transaction }) => transaction((inside) => inside('SELECT 1 AS one')))
      equal(typeof event?.transactionMillis, 'number')
    },
  }
}
