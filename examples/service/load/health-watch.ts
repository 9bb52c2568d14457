import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from './service.ts'

/** What `/health` said meanwhile. */
export interface HealthWatch {
  /** Each reason for which it was not healthy, once. */
  readonly reasons: ReadonlySet<string>
  stop(): Promise<void>
}

/** Asks as a load balancer does, if more often. */
export function watchHealth(service: Service): HealthWatch {
  const reasons = new Set<string>()
  const over = new AbortController()
  const work = async (): Promise<void> => {
    for (; !over.signal.aborted; await sleep(200)) {
      const health = await service.health()
      if (!health.healthy) for (const reason of health.reasons) reasons.add(reason)
    }
  }
  const done = work()
  return {
    reasons,
    async stop() {
      over.abort()
      await done
    },
  }
}
