/** The part of a statement that is judged. Its values are never looked at. */
export interface Statement {
  readonly sql: string
}

/** What sends single statements: a driver adapter, or a transaction of one. */
export interface Queryable {
  queryRaw(statement: Statement): Promise<unknown>
  executeRaw(statement: Statement): Promise<unknown>
}

/** What `startTransaction` gives. Its ends give the connection back. */
export interface AdapterTransaction extends Queryable {
  /** With `usePhantomQuery` its ends send COMMIT and ROLLBACK themselves. */
  readonly options?: { readonly usePhantomQuery?: boolean }
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** The subset of Prisma's `SqlDriverAdapter` that is guarded. */
export interface Adapter extends Queryable {
  executeScript(script: string): Promise<unknown>
  startTransaction(...options: never[]): Promise<AdapterTransaction>
  /** Closes what the adapter itself has opened. */
  dispose?(): Promise<void>
  /** The driver's own pool, where the adapter tells it: `PrismaPg` gives its `pg.Pool`. */
  underlyingDriver?(): unknown
}

/**
 * The subset of Prisma's `SqlDriverAdapterFactory` that is guarded. The types of `@prisma/driver-adapter-utils` are not
 * used here, so that the adapters of Prisma 6 and of Prisma 7 fit alike.
 */
export interface AdapterFactory {
  readonly provider: string
  readonly adapterName: string
  connect(): Promise<Adapter>
  /** A database of its own for Prisma Migrate. */
  connectToShadowDb?(): Promise<Adapter>
}
