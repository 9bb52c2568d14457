/** The part of a node-postgres client that is used here. Structural, so that every copy and version of `pg` fits. */
export interface ClientLike {
  // `never` in place of the real parameters lets each overloaded signature of pg's types fit.
  query: (...args: never[]) => unknown
  /** Since pg 8.21: the status byte of the last ReadyForQuery; `null` before the first. */
  getTransactionStatus?(): string | null
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** The part of a node-postgres pool that is used here. */
export interface PoolLike {
  connect: (...args: never[]) => unknown
  query: (...args: never[]) => unknown
  prependListener(event: 'connect' | 'acquire', listener: (client: unknown) => void): unknown
  on(event: 'release', listener: (error: unknown, client: unknown) => void): unknown
}

/** What `query` and `release` may be given: read, never changed. */
export type Arguments = readonly unknown[]

/** A function of the driver, called with whatever the application gave. */
export type DriverFunction = (...args: unknown[]) => unknown
