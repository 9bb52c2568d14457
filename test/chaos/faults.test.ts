import type { PostgresServer } from '@poolsafe/testing/servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { layerNames } from './applications.ts'
import { faults } from './faults.ts'
import { runFault } from './run-fault.ts'
import { startServer, stopServer } from './servers.ts'

// A few of the faults of `npm run chaos`, from the sources, without its limits of time.

let server: PostgresServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => stopServer(server))

const few = [
  'PostgreSQL crashes',
  'inside transactions',
  'idle connections are killed',
  'while its idle connections are ended',
  'client_idle',
  'cut into pieces',
  'while they are cleaned',
]
const chosen = faults.filter(({ name }) => few.some((part) => name.includes(part)))
const applications = layerNames.map((layer) => ({ layer, modules: 'source' }) as const)

it.each(chosen.map((fault) => [fault.name, fault] as const))(
  '%s: nothing is lost, stuck or without a name',
  async (_name, fault) => {
    const outcomes = await runFault(server, fault, applications)
    for (const { application, untyped, lost, twice, stuck, died, recoveredMillis } of outcomes) {
      expect({ application, untyped, lost, twice, stuck, died }).toEqual({
        application,
        untyped: [],
        lost: 0,
        twice: 0,
        stuck: [],
        died: undefined,
      })
      expect(recoveredMillis).toBeDefined()
    }
  },
)
