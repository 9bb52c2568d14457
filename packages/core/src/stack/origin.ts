import { AsyncLocalStorage } from 'node:async_hooks'
import { shared } from '../shared.ts'

/** The facts that a layer above the driver knows about the statements inside it. */
export interface Origin {
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string
  /** The ORM's own layer, if it has one of poolsafe's. @default the layer of the driver */
  readonly layer?: Layer
  /** True when the call has ended. What its asynchronous context starts afterwards does not belong to it. */
  readonly isOver?: boolean
  /** The stack of the call, if it was captured. */
  readonly stack?: string | undefined
  /** How long the layer waits for the connection that it is about to acquire by `pool.connect`, in milliseconds. */
  readonly acquireWithinMillis?: number | undefined
  /** True if the layer has already determined whether the call is inside an open transaction. */
  readonly isPlaced?: boolean
  /**
   * Requests the call site. Layers that can capture it synchronously store it for later lookups.
   */
  want?(asking: Located): void
}

/** Something with a call site. */
export interface Located {
  /** Empty if there is none; `undefined` until it is known. */
  place: string | undefined
  /** True after a report: then the call site is captured at each call. */
  readonly isStruck: boolean
}

/** The layer of a statement: one of poolsafe's, or the name of a third-party adapter. */
export type Layer = 'prisma' | 'kysely' | 'pg' | (string & {})

/**
 * The origin of the calls that run inside an ORM's operation. Process-wide because the ORM's layer, which writes it,
 * and the driver's guard, which reads it, may use different copies of this package.
 */
export const origins: AsyncLocalStorage<Origin> = shared('origins', () => new AsyncLocalStorage<Origin>())

/** Returns the origin of a statement that is sent now. */
export function currentOrigin(): Origin | undefined {
  const origin = origins.getStore()
  return origin?.isOver === true ? undefined : origin
}

/** Returns true for an origin that knows its call site, or will. */
export function locatesItself(origin: Origin): boolean {
  return origin.want !== undefined || origin.stack !== undefined
}
