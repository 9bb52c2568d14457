import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { proveRepairs, repairUser, type RepairProofs } from './prove-repairs.ts'
import { startFew, type Servers } from './targets.ts'

const runMillis = 600_000

describe('repaired transactions on PostgreSQL and through PgBouncer', () => {
  let servers: Servers
  let proofs: RepairProofs

  beforeAll(async () => {
    servers = await startFew([repairUser])
    proofs = await proveRepairs(servers.company)
  }, runMillis)

  afterAll(() => servers?.stop())

  it('have the answers of a connection of their own, and leave nothing', () => {
    expect(proofs.faults).toEqual([])
  })

  it('are repaired, on each of the servers', () => {
    expect(proofs.targets).toHaveLength(2)
    expect(proofs.repaired).toBeGreaterThan(2 * proofs.scripts)
  })
})
