import { connect } from 'node:net'
import pg from 'pg'

/** The rows that a new client gets. */
export async function ask<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

/** Returns true if a server listens there. */
export function canConnect({ host, port }: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

const myPid = 'SELECT pg_backend_pid() AS pid'

/** The server connections of several statements, one after the other, of one client each. */
export async function pidsOf(clients: readonly pg.Client[]): Promise<unknown[]> {
  const pids: unknown[] = []
  for (const client of clients) pids.push((await client.query<{ pid: number }>(myPid)).rows[0]?.pid)
  return pids
}

/** Runs `use` on clients of their own. */
export async function withClients<Result>(
  url: string,
  count: number,
  use: (clients: pg.Client[]) => Promise<Result>,
): Promise<Result> {
  const clients = Array.from({ length: count }, () => new pg.Client(url))
  try {
    for (const client of clients) await client.connect()
    return await use(clients)
  } finally {
    for (const client of clients) await client.end()
  }
}
