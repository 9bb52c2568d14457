import { AsyncLocalStorage } from 'node:async_hooks'
import { shared } from '../shared.ts'

/** What a layer above the driver knows of the statements that run inside it. */
export interface Origin {
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string
  /** The stack of the call, where it was worth taking. */
  readonly stack?: string | undefined
  /** For how long the layer waits for the connection that it is about to take by `pool.connect`, in milliseconds. */
  readonly acquireWithinMillis?: number | undefined
  /** It is known whether the call is made inside an open transaction: the layers below need not find out. */
  readonly isPlaced?: boolean
  /**
   * Its line is wanted. A layer that can takes the stack before its call returns, and tells the line to whoever asks.
   */
  want?(asking: Located): void
}

/** What has a place. */
export interface Located {
  /** Empty where there is none; `undefined` until it is known. */
  place: string | undefined
  /** It was reported: the line of its like is worth taking at each call. */
  readonly isStruck: boolean
}

/** The layer that a statement came through: one of poolsafe's own, or the name of a third party's adapter. */
export type Layer = 'prisma' | 'kysely' | 'pg' | (string & {})

/**
 * The origin of the calls that run inside an ORM's operation. Process-wide because the ORM's layer, which writes it, and
 * the driver's guard, which reads it, may use different copies of this package.
 */
export const origins: AsyncLocalStorage<Origin> = shared('origins', () => new AsyncLocalStorage<Origin>())
