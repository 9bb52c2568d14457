import type { LogLine } from './log.ts'
import type { Prometheus } from './prometheus.ts'
import type { Scenario } from './scenarios.ts'
import type { Health, Service } from './service.ts'

/** The views of an operator at one moment. */
export interface Sight {
  readonly lines: readonly LogLine[]
  readonly health: Health
  /** By their expressions. */
  readonly metrics: ReadonlyMap<string, number>
  /** Alerts that fired since the load began. */
  readonly fired: ReadonlySet<string>
}

/** A figure before the load and after it. */
export interface Change {
  readonly before: number
  readonly after: number
}

/** The places where a scenario appeared. */
export interface Evidence {
  readonly scenario: Scenario
  readonly log: Change
  readonly health: Change
  readonly metric: Change
  readonly isAlert: boolean
}

export async function look(service: Service, prometheus: Prometheus, scenarios: readonly Scenario[]): Promise<Sight> {
  const metrics = await Promise.all(
    scenarios.map(async ({ metric }) => [metric, await prometheus.value(metric)] as const),
  )
  const alerts = await Promise.all(
    scenarios.map(async ({ alert }) => [alert, await prometheus.value(firing(alert))] as const),
  )
  return {
    lines: await service.log.read(),
    health: await service.health(),
    metrics: new Map(metrics),
    fired: new Set(alerts.flatMap(([alert, times]) => (times > 0 ? [alert] : []))),
  }
}

/** How often an alert was seen to fire. Prometheus keeps it as a series of its own. */
function firing(alert: string): string {
  return `count_over_time(ALERTS{alertname="${alert}",alertstate="firing"}[10m])`
}

export function compare(scenario: Scenario, before: Sight, after: Sight): Evidence {
  const { metric, alert } = scenario
  const count = ({ lines }: Sight): number => lines.filter((line) => scenario.isInLog(line)).length
  return {
    scenario,
    log: { before: count(before), after: count(after) },
    health: { before: scenario.inHealth(before.health), after: scenario.inHealth(after.health) },
    metric: { before: before.metrics.get(metric) ?? 0, after: after.metrics.get(metric) ?? 0 },
    isAlert: after.fired.has(alert),
  }
}

/** Returns true if it appeared everywhere: in the log, in `/health`, in Prometheus, and as an alert. */
export function isComplete({ log, health, metric, isAlert }: Evidence): boolean {
  return isAlert && [log, health, metric].every(({ before, after }) => after > before)
}
