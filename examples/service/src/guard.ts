import { createGuard, type Guard, type PoolerProfile } from '@poolsafe/core'
import type { Logger } from 'pino'

/** One guard for the whole process: both pools report to it, and health and metrics read it. */
export function createShopGuard(pooler: PoolerProfile, logger: Logger): Guard {
  const guard = createGuard({
    pooler,
    logger,
    observe: {
      slowQueryMillis: 1000,
      verySlowQueryMillis: 3000,
      repeatedQueryLimit: 10,
    },
  })
  return guard
}
