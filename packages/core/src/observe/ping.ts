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
    timer = setTimeout(() => resolve({ outcome: 'timedOut', millis: performance.now() - startedAt }), limitMillis)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

function ask(pool: ObservedPool, mayOpen: boolean): Promise<Ping> | undefined {
  const startedAt = performance.now()
  const answer = pool.ask('SELECT 1') ?? (mayOpen ? pool.open()?.then(() => pool.ask('SELECT 1')) : undefined)
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
