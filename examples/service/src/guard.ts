import { createGuard, type Guard, type Logger, type PoolerProfile } from '@poolsafe/core'

/** One guard for the whole process: both pools report to it, and health and metrics read it. */
export function createShopGuard(pooler: PoolerProfile, logger: Logger): Guard {
  const guard = createGuard({
    pooler,
    logger,
    observe: {
      slowQueryMillis: 1000,
      verySlowQueryMillis: 3000,
      repeatedQueryLimit: 10,
      // By default the same statement is logged once a minute. Here a second load must find it again.
      slowQueryIntervalMillis: 10_000,
    },
  })
  return guard
}
