import { setTimeout as sleep } from 'node:timers/promises'
import { compare, isComplete, look, type Evidence, type Sight } from './evidence.ts'
import { watchHealth } from './health-watch.ts'
import type { LogLine } from './log.ts'
import type { Prometheus } from './prometheus.ts'
import { exhaustedPool, repeatedQuery, slowQuery, type Scenario } from './scenarios.ts'
import type { Health, Service } from './service.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

/** When something happened, in seconds since 1970. */
export interface Phase {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** The observations of the load. */
export interface Outcome {
  readonly all: Phase
  readonly phases: readonly Phase[]
  readonly evidence: readonly Evidence[]
  /** The problems meanwhile, as `/health` calls them. */
  readonly problems: ReadonlySet<string>
  /** The gravest answer of `/health`. */
  readonly worst: Health | undefined
  /** True if it was healthy in the end. */
  readonly isHealthy: boolean
  readonly lines: readonly LogLine[]
}

const scenarios: readonly Scenario[] = [slowQuery, repeatedQuery, exhaustedPool]

/** Statements and scrapes before anything goes wrong, and after it. */
const quietMillis = 3000
/** After this time, missing evidence counts as missing. */
const patienceMillis = 60_000

/** Plays all scenarios, one after the other, on top of ordinary traffic. */
export async function play(
  service: Service,
  prometheus: Prometheus,
  announce: (name: string) => void,
): Promise<Outcome> {
  const traffic = startTraffic(service)
  const watch = watchHealth(service)
  await until('A first scrape', patienceMillis, async () => ((await prometheus.value('up')) === 1 ? true : undefined))
  const from = seconds()
  await sleep(quietMillis)
  const before = await look(service, prometheus, scenarios)
  const phases: Phase[] = []
  for (const scenario of scenarios) {
    announce(scenario.name)
    phases.push(await timed(scenario.label, () => scenario.play(service)))
  }
  const evidence = await lookForAll(service, prometheus, before)
  const isHealthy = await heals(service)
  await sleep(quietMillis)
  await Promise.all([watch.stop(), traffic.stop()])
  const { problems, worst } = watch
  return {
    all: { name: 'all', from, to: seconds() },
    phases,
    evidence,
    problems,
    worst,
    isHealthy,
    lines: await service.log.read(),
  }
}

/** Returns true if everything was seen where it should be. */
export function isShown({ evidence, problems, isHealthy }: Outcome): boolean {
  return evidence.every(isComplete) && problems.has('exhausted') && isHealthy
}

async function timed(name: string, work: () => Promise<void>): Promise<Phase> {
  const from = seconds()
  await work()
  return { name, from, to: seconds() }
}

/**
 * Scrapes and alerts come a second or two later. @returns what there is when everything was found, or the time is over
 */
async function lookForAll(service: Service, prometheus: Prometheus, before: Sight): Promise<readonly Evidence[]> {
  let all: readonly Evidence[] = []
  await until('All of it', patienceMillis, async () => {
    const after = await look(service, prometheus, scenarios)
    all = scenarios.map((scenario) => compare(scenario, before, after))
    return all.every(isComplete) ? true : undefined
  }).catch(() => undefined)
  return all
}

function heals(service: Service): Promise<boolean> {
  return until('Health', patienceMillis, async () => ((await service.health()).healthy ? true : undefined)).catch(
    () => false,
  )
}

function seconds(): number {
  return Date.now() / 1000
}
