import { WatchRefusedError } from './errors.ts'
import type { ResolvedWatch, WatchConnection } from './options.ts'
import { PgBouncerSide } from './pgbouncer-side.ts'
import { PostgresSide } from './postgres-side.ts'
import { checkLogin, readLogin } from './rights.ts'
import type { Side } from './side.ts'
import { within } from './within.ts'

/** How long the driver may take to close a connection, in milliseconds. */
const closeMillis = 2_000

/**
 * Connects, and finds out what is at the other end. A connection that comes too late is closed.
 *
 * @throws WatchRefusedError if the watch cannot do its work there
 * @throws DatabaseUnreadableError if it takes longer
 */
export async function openSideWithin(millis: number, options: ResolvedWatch): Promise<Side> {
  const opening = openSide(options)
  try {
    return await within(millis, opening)
  } catch (error) {
    void opening.then(closeQuietly, () => {})
    throw error
  }
}

/** A connection that is broken may fail to close, or never say that it has. */
export async function closeQuietly(side: Side | undefined): Promise<void> {
  if (side !== undefined) await within(closeMillis, side.close()).catch(() => {})
}

async function openSide(options: ResolvedWatch): Promise<Side> {
  const opened: WatchConnection[] = []
  const open = async (connect: () => Promise<WatchConnection>): Promise<WatchConnection> => {
    const connection = await connect()
    opened.push(connection)
    return connection
  }
  try {
    return await sideOf(options, open)
  } catch (error) {
    await Promise.allSettled(opened.map(async (connection) => connection.close()))
    throw error
  }
}

async function sideOf(
  options: ResolvedWatch,
  open: (connect: () => Promise<WatchConnection>) => Promise<WatchConnection>,
): Promise<Side> {
  const connection = await open(options.connect)
  const login = await readLogin(connection.ask, options)
  const isPooled = connection.processId !== login.pid
  if (isPooled && options.console === undefined)
    throw new WatchRefusedError(
      'the connection of the watch goes through a pooler, whose server connections bear the name of their last client: ' +
        'closing by name would hit other applications. Connect to PostgreSQL itself, or give the console of PgBouncer 1.24 or later, where the watch closes clients',
    )
  const console = options.console === undefined ? undefined : await open(options.console)
  if (isPooled && console !== undefined) return PgBouncerSide.open(connection, console, login, options)
  checkLogin(login, options)
  return PostgresSide.open(connection, console, login, options)
}
