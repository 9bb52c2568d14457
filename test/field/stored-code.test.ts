import { createGuard, type Guard } from '@poolsafe/core'
import { auditWithCatalog } from '@poolsafe/operate'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changesSession } from '../integration/operate/audit/session-change.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'
import { storedReports } from './stored-reports.ts'

let server: SharedPostgres
let owner: pg.Client
let guard: Guard

beforeAll(async () => {
  server = await sharedPostgres()
  owner = new pg.Client(server.url)
  await owner.connect()
  for (const { sql } of storedReports) await owner.query(sql)
  const { catalog } = await auditWithCatalog({
    ask: async (sql) => (await owner.query<Record<string, unknown>>(sql)).rows,
  })
  guard = createGuard({ catalog, observe: false })
})
afterAll(async () => {
  await owner.end()
  await server.stop()
})

describe('reports about code in the database', () => {
  it.each(storedReports)('$source', async ({ sql, call, changes }) => {
    const role = /ROW LEVEL SECURITY/.test(sql) ? 'pg_read_all_data' : undefined
    const live = await changesSession(server.url, call, role)
    const found = [false, true].map((inTransaction) => guard.inspect(call, { inTransaction }).findings.length > 0)
    expect({ live, found }).toEqual({ live: changes, found: [changes, changes] })
  })
})
