import type { Holdable, Holding, HoldingWork } from '../checkout/holding.ts'
import { ContextPart, contexts, type Context } from '../context.ts'
import type { Engine } from './engine.ts'

/** One `acquireConnection` of a layer above, watched by the guarded pool below it. */
export interface Acquiring {
  /** The guard of the layer above. A pool without a guard takes it. */
  readonly guard?: Engine | undefined
  /** Set by a guarded pool: its guard judges what is sent on the connection, so the layer above does not. */
  judgedBelow: Engine | undefined
  /** Set by a guarded pool: the connection that it was asked for, as its caller will hold it. */
  holding?: Holdable | undefined
  /** Set by a guarded pool that can: controls the connection that it handed out. */
  control?: ConnectionControl | undefined
  /** Calls the acquisition off. */
  readonly signal?: AbortSignal | undefined
}

/** The control of a layer above a pool over a connection that it was handed and cannot see. */
export interface ConnectionControl {
  /** The query that was given to the connection last, and may still wait there. Pass it to `cancel`. */
  latest(): object | undefined
  /**
   * Cancels a query by the protocol's own CancelRequest, if the server works on it. A query that is over, or not yet
   * sent, is left alone. Resolves when nothing more of it can arrive.
   */
  cancel(query: object): Promise<void>
  /** Closes the connection, and with it whatever the server does for it. Resolves when it is closed. */
  close(): Promise<void>
}

/** The acquisition that a layer above a pool has under way. */
export const acquisitions: ContextPart<Acquiring> = new ContextPart<Acquiring>('acquiring')

const emptyContext: Context<Holding, Acquiring> = { holding: undefined, acquiring: undefined }

/** Reads both parts of the caller's context at once. */
export function callerContext(): Context<Holding, Acquiring> {
  return (contexts.getStore() as Context<Holding, Acquiring> | undefined) ?? emptyContext
}

/**
 * Asks a driver for a connection, which `work` will hold. Only what the driver does is part of the acquisition; what
 * follows in the caller's context is in that of `work`. This enters two contexts, `enterWork` and `acquisitions.run`
 * enter three.
 *
 * @param work see `nextWork`
 * @param outer the acquisition in the caller's context
 * @returns the driver's answer
 */
export function acquireFor<Options, Result>(
  work: HoldingWork,
  acquiring: Acquiring,
  acquire: (options: Options) => Result,
  options: Options,
  outer: Acquiring | undefined,
): Result {
  contexts.enterWith({ holding: work, acquiring })
  try {
    return acquire(options)
  } finally {
    // The driver may have entered the context of another connection.
    contexts.enterWith({ holding: contexts.getStore()?.holding, acquiring: outer })
  }
}
