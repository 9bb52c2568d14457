import type { Effect } from './effect.ts'

/** A helper or an option of poolsafe. */
export interface Helper {
  /** As it is exported, with `()`; or an option, with the function that takes it. */
  readonly name: string
  /** The purpose, as a sentence continues after the name. Without the final full stop. */
  readonly does: string
  /** The packages that have it: `@poolsafe/<package>`. */
  readonly packages: readonly ('pg' | 'kysely' | 'prisma')[]
}

/** A helper that does what the `instead` of a rule says. */
export interface HelperUse {
  readonly helper: Helper
  /** Its use for this rule, one for each of its packages. The documentation shows it, and tests run it. */
  readonly code: Partial<Readonly<Record<Helper['packages'][number], string>>>
  /** Only for effects on these objects, of these kinds of state, or of these constructs. @default all */
  readonly only?: readonly string[]
  /** Not for effects on these objects. @default none */
  readonly except?: readonly string[]
}

/** Returns true if the helper does what is needed after this effect. */
export function helpsWith({ only, except }: HelperUse, { object = '', state, what }: Effect): boolean {
  if (except?.includes(object) === true) return false
  return only === undefined || [object, state, what].some((each) => only.includes(each))
}

/** @param settings as code: `{ 'app.tenant': tenant }` */
export function withSettings(settings: string, limits: Pick<HelperUse, 'only' | 'except'> = {}): HelperUse {
  return {
    helper: inAll('withSettings()', 'sets values for one function, in a transaction that takes them away'),
    code: {
      pg: `await withSettings(pool, ${settings}, (client) => client.query('SELECT * FROM orders'))`,
      kysely: `await withSettings(db, ${settings}, (trx) => trx.selectFrom('orders').selectAll().execute())`,
      prisma: `await withSettings(prisma, ${settings}, (tx) => tx.order.findMany())`,
    },
    ...limits,
  }
}

/** @param settings as code */
export function settingsExtension(settings: string): HelperUse {
  return {
    helper: { name: 'settings()', does: 'sets values for every operation of a client', packages: ['prisma'] },
    code: {
      prisma: `const scoped = prisma.$extends(settings(() => (${settings})))
await scoped.order.findMany()`,
    },
  }
}

/** Limits the time of statements without session state. */
export const statementTimeout: HelperUse = {
  helper: {
    name: 'guardPool(…, { statementTimeoutMillis })',
    does: 'lets the server end every statement that takes longer',
    packages: ['pg'],
  },
  code: { pg: 'const pool = guardPool(new pg.Pool({ connectionString }), guard, { statementTimeoutMillis: 5000 })' },
}

/** A lock that its transaction releases. */
export const advisoryLockHelper: HelperUse = {
  helper: inAll('withAdvisoryLock()', 'holds a lock for one function, in a transaction that releases it'),
  code: {
    pg: "await withAdvisoryLock(pool, 42, (client) => client.query('UPDATE counters SET value = value + 1'))",
    kysely: `await withAdvisoryLock(db, 42, (trx) =>
  trx.updateTable('counters').set((eb) => ({ value: eb('value', '+', 1) })).execute(),
)`,
    prisma: `await withAdvisoryLock(prisma, 42, (tx) => tx.counter.updateMany({ data: { value: { increment: 1 } } }))`,
  },
}

/** A lock without an open transaction. */
export const leaseHelper: HelperUse = {
  helper: inAll('withLease()', 'holds a lock for minutes, as a row of a table'),
  code: {
    pg: leaseOn('pool'),
    kysely: leaseOn('db'),
    prisma: leaseOn('prisma'),
  },
}

function leaseOn(db: string): string {
  return `await withLease(${db}, 'report', async (lease) => { await report(lease.signal) }, { leaseMillis: 30_000, wait: false })`
}

/** The lock of Kysely's Migrator. */
export const migrationsHelper: HelperUse = {
  helper: {
    name: "guardDialect(…, { migrations: 'transaction' })",
    does: 'locks migrations of Kysely in their transaction',
    packages: ['kysely'],
  },
  code: {
    kysely: `const db = new Kysely({ dialect: guardDialect(new PostgresDialect({ pool }), guard, { migrations: 'transaction' }) })
await new Migrator({ db, provider }).migrateToLatest()`,
  },
}

/** Notifications on one connection of the process, and sending them on any other. */
export const notifications: readonly HelperUse[] = [
  {
    helper: {
      name: 'listen()',
      does: 'keeps one connection for all channels, and replaces it when it is lost',
      packages: ['pg'],
    },
    code: {
      pg: "const listener = await listen(direct, { 'order-paid': (payload) => handle(payload) })",
    },
  },
  {
    helper: inAll('notify()', 'sends on any connection'),
    code: {
      pg: "await notify(pool, 'order-paid', '42')",
      kysely: "await notify(db, 'order-paid', '42')",
      prisma: "await notify(prisma, 'order-paid', '42')",
    },
  },
]

/**
 * Only for state that DISCARD ALL clears: a backup, a replication origin or a hypothetical index would stay on a
 * connection that goes back to the pool.
 *
 * @param statements what needs the session
 */
export function withSession(statements: readonly string[]): HelperUse {
  const lines = statements.map((statement) => `  await client.query(${quoted(statement)})`)
  return {
    helper: {
      name: 'withSession()',
      does: 'gives one function a session of its own, and cleans it afterwards',
      packages: ['pg'],
    },
    code: { pg: ['await withSession(direct, async (client) => {', ...lines, '})'].join('\n') },
  }
}

function inAll(name: string, does: string): Helper {
  return { name, does, packages: ['pg', 'kysely', 'prisma'] }
}

function quoted(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`
}
