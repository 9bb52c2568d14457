import { classifyFailure } from '../checkout/failures.ts'
import type { PoolPing } from './health.ts'
import type { ObservedPool } from './pool-report.ts'

/** A ping, with what it failed with. */
export interface Ping extends PoolPing {
  readonly error?: unknown
}

const notAsked: Ping = { outcome: 'notAsked', millis: null }

/** Whoever asks while a pool has not answered yet waits for the same answer: one question at a time, however many ask for the health. */
const underWay = new WeakMap<ObservedPool, Promise<Ping>>()

/**
 * Asks a pool whether its server answers, on a connection that is idle.
 *
 * @param mayOpen whether it may open one where there is none
 */
export async function ping(pool: ObservedPool, limitMillis: number, mayOpen: boolean): Promise<Ping> {
  const startedAt = performance.now()
  const asked = underWay.get(pool) ?? ask(pool, mayOpen)
  if (asked === undefined) return notAsked
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Ping>((resolve) => {
    const giveUp = (): void => resolve({ outcome: 'timedOut', millis: performance.now() - startedAt })
    // A process that was busy for longer finds the timer and the answer at once, and the timer first.
    timer = setTimeout(() => setImmediate(giveUp), limitMillis)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

function ask(pool: ObservedPool, mayOpen: boolean): Promise<Ping> | undefined {
  const startedAt = performance.now()
  const answer = askOne(pool, mayOpen)?.catch((error: unknown) => askAnother(pool, mayOpen, error))
  if (answer === undefined) return undefined
  const outcome = answer
    .then(
      (): Ping => ({ outcome: 'answered', millis: performance.now() - startedAt }),
      (error: unknown): Ping => ({ outcome: 'failed', millis: performance.now() - startedAt, error }),
    )
    .finally(() => underWay.delete(pool))
  underWay.set(pool, outcome)
  return outcome
}

function askOne(pool: ObservedPool, mayOpen: boolean): Promise<unknown> | undefined {
  return pool.ask('SELECT 1') ?? (mayOpen ? pool.open()?.then(() => pool.ask('SELECT 1')) : undefined)
}

/** That one connection breaks says little: the pool closes those that were idle for too long, whatever we have asked on them. */
function askAnother(pool: ObservedPool, mayOpen: boolean, error: unknown): unknown {
  const again = classifyFailure(error)?.kind === 'brokenConnection' ? askOne(pool, mayOpen) : undefined
  if (again === undefined) throw error
  return again
}
