/** The part of a statement that poolsafe uses. Of the values, it reads only the keys of advisory locks that it repairs. */
export interface Statement {
  readonly sql: string
  readonly args?: readonly unknown[]
}

/** Sends single statements: a driver adapter, or one of its transactions. */
export interface Queryable {
  queryRaw(statement: Statement): Promise<unknown>
  executeRaw(statement: Statement): Promise<unknown>
}

/** A transaction, from `startTransaction`. `commit` and `rollback` release the connection. */
export interface AdapterTransaction extends Queryable {
  /** With `usePhantomQuery`, `commit` and `rollback` send COMMIT and ROLLBACK themselves. */
  readonly options?: { readonly usePhantomQuery?: boolean }
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** The guarded subset of Prisma's `SqlDriverAdapter`. */
export interface Adapter extends Queryable {
  executeScript(script: string): Promise<unknown>
  startTransaction(...options: never[]): Promise<AdapterTransaction>
  /** Closes what the adapter opened. */
  dispose?(): Promise<void>
  /** Returns the driver's pool, if the adapter exposes it: `PrismaPg` returns its `pg.Pool`. */
  underlyingDriver?(): unknown
}

/**
 * The guarded subset of Prisma's `SqlDriverAdapterFactory`. It does not use the types of
 * `@prisma/driver-adapter-utils`, so that the adapters of Prisma 6 and 7 both fit.
 */
export interface AdapterFactory {
  readonly provider: string
  readonly adapterName: string
  connect(): Promise<Adapter>
  /** Connects to the shadow database of Prisma Migrate. */
  connectToShadowDb?(): Promise<Adapter>
}
