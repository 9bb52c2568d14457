import type { PostgresServer } from '@poolsafe/testing/servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { faults } from './faults.ts'
import { runFault, startServer } from './run-fault.ts'

// A few of the faults of `npm run chaos`, without its limits of time.

let server: PostgresServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const few = faults.filter(({ isPooled, name }) => isPooled !== true && !name.includes('silent'))

it.each(few.map((fault) => [fault.name, fault] as const))('%s: nothing is lost, stuck or without a name', async (_name, fault) => {
  const { recoveredMillis, untyped, lost, twice, stuck } = await runFault(server, fault)
  expect({ untyped, lost, twice, stuck }).toEqual({ untyped: [], lost: 0, twice: 0, stuck: 0 })
  expect(recoveredMillis).toBeDefined()
})
