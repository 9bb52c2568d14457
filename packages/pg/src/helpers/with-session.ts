import { checkFunction, sessionTexts } from '@poolsafe/core/internal'
import { becomesQuiet, cleanWithinMillis } from '../direct/clean.ts'
import { directOf } from '../direct/direct-of.ts'
import { forgetPrepared } from '../direct/forget-prepared.ts'
import type { LivingClient } from '../living-client.ts'
import { checkDirectClient, checkDirectPool, type DirectOptions } from './direct-connection.ts'
import { acquire, isOpenOn, runOn, type ClientOf, type HelperPool } from './pg-database.ts'

const checked = new WeakSet<object>()

/**
 * Runs `fn` on a direct connection, with a session of its own for as long as it runs: SET, LISTEN, temporary tables,
 * session locks and prepared statements work as on any PostgreSQL connection. Afterwards `DISCARD ALL` cleans the
 * session; a connection that cannot be cleaned is closed, as is one whose cursor stays open for 2 s. Loaded libraries and
 * the seed of `random()` survive it.
 *
 * ```ts
 * await withSession(direct, async (client) => {
 *   await client.query('CREATE TEMP TABLE staging (LIKE orders)')
 *   …
 * })
 * ```
 *
 * @param direct a pool on the unpooled URL; or a guarded pool that has one
 * @throws InvalidOptionError for what is no pool, and for what is no function; PooledConnectionError for a pool behind a
 *   pooler
 */
export async function withSession<Pool extends HelperPool, Result>(
  direct: Pool,
  fn: (client: ClientOf<Pool>) => Promise<Result>,
  options: DirectOptions = {},
): Promise<Result> {
  const pool: Pool = directOf(direct)
  checkDirectPool('withSession()', pool)
  checkFunction('withSession(): fn', fn)
  const client = await acquire(pool)
  let isClean = false
  try {
    if (!checked.has(client)) await checkDirectClient('withSession()', client, options)
    checked.add(client)
    try {
      return await fn(client as unknown as ClientOf<Pool>)
    } finally {
      isClean = await clean(client as unknown as LivingClient)
    }
  } finally {
    client.release(isClean ? undefined : true)
  }
}

/** Returns false where the connection must be closed. */
async function clean(client: LivingClient): Promise<boolean> {
  const run = runOn(client)
  // A client of pg-native has no connection.
  const { connection } = client
  if (connection !== undefined && !(await becomesQuiet(client))) return false
  const late = setTimeout(() => connection?.stream.destroy(), cleanWithinMillis)
  try {
    if (isOpenOn(client, 'withSession(): client')) await run(sessionTexts.rollback)
    await run(sessionTexts.clean)
    if (connection !== undefined) forgetPrepared(connection)
    return true
  } catch {
    return false
  } finally {
    clearTimeout(late)
  }
}
