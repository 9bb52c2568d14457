import { createGuard, type Guard } from '@poolsafe/core'

/** Who looks at what a contender sends. */
export interface Watch {
  /** `undefined`: the contender is not guarded. */
  readonly guard: Guard | undefined
  /** Runs one request of the application. */
  readonly inRequest: <Result>(run: () => Promise<Result>) => Promise<Result>
  /** Rejects where nothing was seen of what should have been. */
  close(): Promise<void>
}

/** How a guard is measured. */
export type Guarding = 'unobserved' | 'guarded' | 'everything' | 'everything, listener'

/** Nobody. */
export const unwatched: Watch = { guard: undefined, inRequest: (run) => run(), close: async () => {} }

/** @param variant a {@link Guarding}, or whatever else is not guarded */
export async function startWatch(variant: string): Promise<Watch> {
  if (variant === 'unobserved') return { ...unwatched, guard: createGuard({ observe: false }) }
  if (variant === 'guarded') return observed(createGuard())
  return variant.startsWith('everything') ? startEverything(variant) : unwatched
}

/** The slow log, statistics and channels are on without being asked for; request scopes and metrics are asked for. */
async function startEverything(variant: string): Promise<Watch> {
  const guard = createGuard()
  let heard = 0
  if (variant === 'everything, listener') guard.on('query', () => heard++)
  return { ...observed(guard), guard }
}

function observed(guard: Guard): Watch {
  const close = async (): Promise<void> => {
    if (guard.stats().totalQueries === 0) throw new Error('The guard saw no statement: nothing was measured.')
  }
  return { ...unwatched, guard, close }
}
