import type { PostgresServer } from '@poolsafe/testing/servers'

/** A PostgreSQL of this machine, as poolers need to know it. */
export type Backend = Pick<PostgresServer, 'port' | 'user' | 'password' | 'database'>

/** The role and the address of a connection. */
export interface Login {
  readonly user: string
  readonly password: string
  readonly database: string
}

/** The address of a server of this machine. */
export function urlOf(port: number, { user, password, database }: Login): string {
  return `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`
}
