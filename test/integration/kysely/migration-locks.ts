import pg from 'pg'

/** The advisory locks of the database of this client, held and awaited. */
export async function advisoryLocks(monitor: Pick<pg.Pool, 'query'>): Promise<{ granted: boolean }[]> {
  const { rows } = await monitor.query<{ granted: boolean }>(
    `SELECT granted FROM pg_locks WHERE locktype = 'advisory'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY granted`,
  )
  return rows
}

/** Holds the lock of Kysely's own deploys, on a direct connection. */
export async function holdLock(url: string): Promise<{ holder: pg.Client; release: () => Promise<void> }> {
  const holder = new pg.Client(url)
  await holder.connect()
  await holder.query('SELECT pg_advisory_lock(3853314791062309107)')
  return { holder, release: () => holder.end() }
}
