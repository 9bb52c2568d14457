import { setTimeout as sleep } from 'node:timers/promises'
import type { Health, Service } from './service.ts'

/** The answers of `/health` during the load. */
export interface HealthWatch {
  /** Every kind of problem that was reported. */
  readonly problems: ReadonlySet<string>
  /** The answer with the most reasons. */
  readonly worst: Health | undefined
  stop(): Promise<void>
}

/** Asks like a load balancer, but more often, and for the reasons. */
export function watchHealth(service: Service): HealthWatch {
  const problems = new Set<string>()
  let worst: Health | undefined
  const over = new AbortController()
  const work = async (): Promise<void> => {
    for (; !over.signal.aborted; await sleep(200)) {
      const health = await service.health()
      for (const problem of health.problems) problems.add(problem)
      if (health.reasons.length > (worst?.reasons.length ?? 0)) worst = health
    }
  }
  const done = work()
  return {
    problems,
    get worst() {
      return worst
    },
    async stop() {
      over.abort()
      await done
    },
  }
}
