import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import type { ConformanceAdapter, ConformanceClient } from './adapter.ts'
import type { Case } from './case.ts'
import { readAll, refusalOf, type Send, type Trial } from './trial.ts'

const unsafe = 'LISTEN orders'
const series = 'SELECT id FROM generate_series(1, 300) AS id'

/** The features of an adapter in addition to plain queries: other forms, streams, cancellation. */
export function offerCases<Client extends ConformanceClient>(
  trial: Trial<Client>,
  { forms = {}, streams = {}, cancellable }: ConformanceAdapter<Client>,
): Case[] {
  return [
    ...Object.entries(forms).flatMap(([name, send]) => formCases(trial, name, send)),
    ...Object.entries(streams).flatMap(([name, open]) => streamCases(trial, name, open)),
    ...(cancellable === undefined ? [] : [cancelled(trial, cancellable)]),
  ]
}

function formCases<Client extends ConformanceClient>(trial: Trial<Client>, name: string, send: Send<Client>): Case[] {
  return [
    {
      name: `${name}: refuses in strict mode, before the server sees it`,
      async run() {
        const log = await trial.logDuring(() =>
          trial.use({ mode: 'strict' }, async (client) => {
            await refusalOf(() => send(client, unsafe))
            deepEqual(await client.query('SELECT 1 AS one'), [{ one: 1 }])
          }),
        )
        ok(!log.includes(unsafe), 'the server received the refused statement')
      },
    },
    {
      name: `${name}: returns the rows that it returns without poolsafe`,
      async run() {
        const guarded = await trial.outcomeOf({ mode: 'strict' }, (client) => send(client, series))
        equal('rows' in guarded && guarded.rows.length, 300, JSON.stringify(guarded).slice(0, 200))
        deepEqual(guarded, await trial.outcomeOf(undefined, (client) => send(client, series)))
      },
    },
    {
      name: `${name}: passes on PostgreSQL's own error`,
      async run() {
        const failing = 'SELECT 10 / (3 - id) FROM generate_series(1, 5) AS id'
        const guarded = await trial.outcomeOf({ mode: 'strict' }, (client) => send(client, failing))
        match(String('sqlState' in guarded && guarded.sqlState), /^22012$/)
        deepEqual(guarded, await trial.outcomeOf(undefined, (client) => send(client, failing)))
      },
    },
  ]
}

function streamCases<Client extends ConformanceClient>(
  trial: Trial<Client>,
  name: string,
  open: (client: Client, sql: string) => AsyncIterable<unknown>,
): Case[] {
  const read = formCases<Client>(trial, name, (client, sql) => readAll(open(client, sql)))
  return [...read, leftEarly(trial, name, open)]
}

function leftEarly<Client extends ConformanceClient>(
  trial: Trial<Client>,
  name: string,
  open: (client: Client, sql: string) => AsyncIterable<unknown>,
): Case {
  return {
    name: `${name}: releases the connection of a reader that stops early`,
    async run() {
      await trial.use({ mode: 'strict' }, async (client) => {
        for await (const row of open(client, series)) {
          ok(row !== undefined)
          break
        }
        deepEqual(await client.query('SELECT 1 AS one'), [{ one: 1 }])
      })
    },
  }
}

function cancelled<Client extends ConformanceClient>(
  trial: Trial<Client>,
  send: (client: Client, sql: string, signal: AbortSignal) => Promise<unknown>,
): Case {
  return {
    name: 'cancels a statement, and the next one runs',
    async run() {
      await trial.use({ mode: 'strict' }, async (client) => {
        const controller = new AbortController()
        const sent = send(client, 'SELECT pg_sleep(600)', controller.signal)
        await trial.waitUntilRuns('SELECT pg_sleep(600)')
        controller.abort()
        await rejects(sent)
        deepEqual(await client.query('SELECT 1 AS one'), [{ one: 1 }])
      })
    },
  }
}
