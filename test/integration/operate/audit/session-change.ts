import pg from 'pg'
import { probes } from '../../../support/session/snapshot.ts'

/**
 * Runs a statement in a session of its own, and returns whether the session shows something else afterwards.
 *
 * @param role runs it; needed where policies apply, because a superuser passes by all of them
 */
export async function changesSession(url: string, call: string, role?: string): Promise<boolean> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(`SELECT set_config('app.a', '', false)`)
    if (role !== undefined) await client.query(`SET ROLE ${role}`)
    const before = await look(client)
    await client.query(call)
    return (await look(client)) !== before
  } finally {
    await client.end()
  }
}

/** The look needs the rights of a superuser. */
async function look(client: pg.Client): Promise<string> {
  const user = await client.query<{ user: string }>('SELECT current_user::text AS user')
  const current = user.rows[0]?.user ?? ''
  await client.query('RESET ROLE')
  const seen = await client.query(probes('app.a app.b'))
  await client.query(`SET ROLE ${pg.escapeIdentifier(current)}`)
  return JSON.stringify([current, seen.rows])
}
