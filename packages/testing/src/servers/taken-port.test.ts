import { afterAll, expect, it, vi } from 'vitest'
import { findFreePort } from './free-port.ts'
import { startPgBouncer, type PgBouncerServer } from './pgbouncer.ts'
import { startPostgres } from './postgres.ts'

vi.mock('./free-port.ts', { spy: true })

const stops: (() => Promise<void>)[] = []

afterAll(async () => {
  for (const stop of stops.toReversed()) await stop()
})

async function noted<Server extends { stop(): Promise<void> }>(starting: Promise<Server>): Promise<Server> {
  const server = await starting
  stops.push(() => server.stop())
  return server
}

it(
  'a PgBouncer whose port was taken meanwhile, by one that lets the same user in, takes another port',
  { timeout: 60_000 },
  async () => {
    const target = await noted(startPostgres())
    const first: PgBouncerServer = await noted(startPgBouncer({ target }))
    vi.mocked(findFreePort).mockResolvedValueOnce(first.port)
    const second: PgBouncerServer = await noted(startPgBouncer({ target }))
    expect(second.port).not.toBe(first.port)
  },
)
