type Row = Readonly<Record<string, unknown>>

/** The tables of PgBouncer's console. Numbers come as text or as numbers. */
export interface PgBouncerFacts {
  readonly version: string
  readonly config: Readonly<Record<string, string>>
  readonly databases: readonly Row[]
  readonly pools: readonly Row[]
  readonly stats: readonly Row[]
  readonly users: readonly Row[]
}

/** The application's names for its database and itself. PgBouncer may map both to others. */
export interface Way {
  readonly database: string
  readonly user: string
}

/** Returns the names in the URL; without one, those that PostgreSQL knows. */
export function wayOf(
  url: string | undefined,
  { database, role }: { readonly database: string; readonly role: string },
  pgbouncer: PgBouncerFacts | undefined,
): Way {
  const at = url !== undefined && URL.canParse(url) ? new URL(url) : undefined
  const named = decodeURIComponent(at?.pathname.slice(1) ?? '')
  const isKnown = pgbouncer?.databases.some((row) => row['name'] === named) === true
  return { database: isKnown ? named : database, user: decodeURIComponent(at?.username ?? '') || role }
}

/** Returns the pool mode in force. PgBouncer has it for all, for a database and for a user. */
export function modeOf(pgbouncer: PgBouncerFacts | undefined, { database }: Way, role: string): string | undefined {
  const own = pgbouncer?.pools.find((pool) => pool['database'] === database && pool['user'] === role)
  const mode = own?.['pool_mode'] ?? pgbouncer?.config['pool_mode']
  return typeof mode === 'string' ? mode : undefined
}

/** The setting that limits the clients of the application in one PgBouncer, and its value. */
export function clientLimit(pgbouncer: PgBouncerFacts, way: Way): { readonly name: string; readonly room: number } {
  const { databases, users, config } = pgbouncer
  const limits = [
    { name: 'max_client_conn', room: number(config['max_client_conn']) },
    { name: 'max_db_client_connections', room: number(rowOf(databases, way.database)?.['max_client_connections']) },
    { name: 'max_user_client_connections', room: number(rowOf(users, way.user)?.['max_user_client_connections']) },
  ].filter(({ room }) => room > 0)
  const [tightest = { name: 'max_client_conn', room: 0 }] = limits.toSorted((one, other) => one.room - other.room)
  return tightest
}

/** The server connections to count. */
interface Counted {
  /** A database of PostgreSQL. */
  readonly database?: string
  readonly role?: string
}

/**
 * The most server connections that one PgBouncer opens to the server of the application: for each pair of database and
 * user the size of its pool with its reserve, at most max_db_connections for each database and max_user_connections for
 * each user. An unused database counts for one user.
 */
export function mostServers(pgbouncer: PgBouncerFacts, way: Way, role: string, only: Counted = {}): number {
  const pairs = pairsOf(pgbouncer, way, role).filter(
    (pair) => (only.database ?? pair.database) === pair.database && (only.role ?? pair.user) === pair.user,
  )
  const byDatabase = capped(
    pairs,
    ({ name }) => name,
    (name) => rowOf(pgbouncer.databases, name)?.['max_connections'],
  )
  const byUser = capped(
    pairs,
    ({ user }) => user,
    (user) => userLimit(pgbouncer, user),
  )
  return Math.min(byDatabase, byUser)
}

/** The databases and users that have pools at the server of the application. */
export function poolsOf(
  pgbouncer: PgBouncerFacts,
  way: Way,
  role: string,
): { readonly databases: ReadonlySet<string>; readonly users: ReadonlySet<string> } {
  const pairs = pairsOf(pgbouncer, way, role)
  return { databases: new Set(pairs.map(({ name }) => name)), users: new Set(pairs.map(({ user }) => user)) }
}

/** A pool of PgBouncer. `name` is what clients call the database. */
interface Pair {
  readonly name: string
  readonly database: string
  readonly user: string
  readonly size: number
}

function pairsOf({ databases, pools, users }: PgBouncerFacts, way: Way, role: string): Pair[] {
  const own = rowOf(databases, way.database)
  return databases
    .filter((row) => row['name'] !== 'pgbouncer' && isSameServer(row, own))
    .flatMap((row) => {
      const used = new Set(pools.filter((pool) => pool['database'] === row['name']).map((pool) => text(pool['user'])))
      if (used.size === 0) used.add(text(row['force_user'] ?? role))
      return [...used].map((user) => ({
        name: text(row['name']),
        database: text(row['database']),
        user,
        size: sizeOf(row, rowOf(users, user)),
      }))
    })
}

function isSameServer(row: Row, own: Row | undefined): boolean {
  return own === undefined || (row['host'] === own['host'] && number(row['port']) === number(own['port']))
}

/** The setting of a user goes before that of a database. */
function sizeOf(database: Row, user: Row | undefined): number {
  const size = text(user?.['pool_size']).trim() || database['pool_size']
  const reserve =
    text(user?.['reserve_pool_size']).trim() || (database['reserve_pool_size'] ?? database['reserve_pool'])
  return number(size) + number(reserve)
}

function userLimit({ users, config }: PgBouncerFacts, user: string): number {
  return number(rowOf(users, user)?.['max_user_connections']) || number(config['max_user_connections'])
}

/** The sum of all pools, those of each group together at most its limit. A limit of 0 is none. */
function capped(pairs: readonly Pair[], groupOf: (pair: Pair) => string, limitOf: (group: string) => unknown): number {
  const sums = new Map<string, number>()
  for (const pair of pairs) sums.set(groupOf(pair), (sums.get(groupOf(pair)) ?? 0) + pair.size)
  return [...sums].reduce((sum, [group, wanted]) => sum + Math.min(wanted, number(limitOf(group)) || wanted), 0)
}

function rowOf(rows: readonly Row[], name: string): Row | undefined {
  return rows.find((row) => row['name'] === name)
}

/** The console’s numbers come as text or as numbers. */
function number(value: unknown): number {
  return Number(value ?? 0)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}
