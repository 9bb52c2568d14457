import { InvalidOptionError, poolers, type PoolerProfile } from '@poolsafe/core'
import { startHostilePooler } from '@poolsafe/testing/hostile'
import { startPgBouncer, type PostgresServer } from '@poolsafe/testing/servers'

/** The pooler of the demo: poolsafe's own, which needs no installation, or a real PgBouncer. */
export const poolerNames = ['hostile', 'pgbouncer'] as const
export type PoolerName = (typeof poolerNames)[number]

/** A pooler in transaction mode, running. */
export interface DemoPooler {
  /** For people: `PgBouncer 1.18.0 in transaction mode`. */
  readonly label: string
  /** The profile for poolsafe. */
  readonly profile: PoolerProfile
  /** The application's URL through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

interface User {
  readonly user: string
  readonly password: string
}

/** Server connections for each database: fewer than the application's own pool has, as in production. */
const serverConnections = 4

export const startPooler: Readonly<Record<PoolerName, (postgres: PostgresServer, app: User) => Promise<DemoPooler>>> = {
  hostile: startHostile,
  pgbouncer: startReal,
}

async function startHostile(postgres: PostgresServer, { user, password }: User): Promise<DemoPooler> {
  const pooler = await startHostilePooler({
    target: postgres,
    passwords: { [user]: password },
    sessions: serverConnections,
    afterTransaction: 'poison',
    // The demo counts for itself, and its log shows only statements of the application.
    inspect: false,
  })
  return {
    label: "poolsafe's hostile pooler, which gives every transaction another server connection",
    profile: poolers.strictest(),
    url: pooler.urlFor(user),
    stop: () => pooler.stop(),
  }
}

async function startReal(postgres: PostgresServer, { user, password }: User): Promise<DemoPooler> {
  const pooler = await startPgBouncer({
    target: postgres,
    defaultPoolSize: serverConnections,
    users: { [user]: password },
  })
  return {
    label: `PgBouncer ${pooler.version} in transaction mode`,
    profile: profileOf(pooler.version),
    url: pooler.urlFor(user, password),
    stop: () => pooler.stop(),
  }
}

/** A PgBouncer that poolsafe does not know yet is judged like any transaction pooler. */
function profileOf(version: string): PoolerProfile {
  try {
    return poolers.pgbouncer({ version })
  } catch (error) {
    if (error instanceof InvalidOptionError) return poolers.strictest()
    throw error
  }
}
