import pg from 'pg'
import { answer } from '../../../support/session/answer.ts'
import type { Probe } from './probes.ts'

/** The facts about a pooler's handling of session state that a client can observe. */
export type Observed = 'stays with its owner' | 'leaks' | 'wiped'

/** Asks a stranger first: with one server connection he gets the one on which it was left. */
export async function observe(url: string, { leave, ask, there, ours = there }: Probe): Promise<Observed> {
  // PgBouncer restores an application_name only to a client that has one.
  const config = { connectionString: url, application_name: 'poolsafe' }
  const [owner, stranger] = [new pg.Client(config), new pg.Client(config)]
  await owner.connect()
  await stranger.connect()
  try {
    await owner.query(leave)
    if ((await answer(stranger, ask)) === there) return 'leaks'
    return (await answer(owner, ask)) === ours ? 'stays with its owner' : 'wiped'
  } finally {
    await owner.end()
    await stranger.end()
  }
}
