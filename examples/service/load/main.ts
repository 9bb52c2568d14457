import { parseArguments, usage, type Arguments } from './arguments.ts'
import { compare, isComplete, look, type Evidence, type Sight } from './evidence.ts'
import { watchHealth, type HealthWatch } from './health-watch.ts'
import { startPrometheus, type Prometheus } from './prometheus.ts'
import { tableOf } from './report.ts'
import { exhaustedPool, repeatedQuery, slowQuery, type Scenario } from './scenarios.ts'
import { findService, startService, type Service } from './service.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

const scenarios: readonly Scenario[] = [slowQuery, repeatedQuery, exhaustedPool]

/** Statements and scrapes before anything goes wrong. */
const quietMillis = 4000
/** What is late by then does not come. */
const evidenceMillis = 60_000

// `process.exit` ends what was started here, wherever the load is.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`The load failed: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const wanted = parseArguments(args)
  if (typeof wanted === 'string') {
    process.stderr.write(`${wanted}\n\n${usage}`)
    return 2
  }
  if (wanted.help) {
    say(usage)
    return 0
  }
  const service = await (wanted.start ? startService() : findService(wanted.url))
  const prometheus = await startPrometheus(service.address)
  say(`The service at http://${service.address}, watched by Prometheus ${prometheus.version}.`)
  try {
    return await run(service, prometheus, wanted)
  } finally {
    await prometheus.stop()
    await service.stop()
  }
}

async function run(service: Service, prometheus: Prometheus, { screens }: Arguments): Promise<number> {
  const startedAt = Date.now() / 1000
  const traffic = startTraffic(service)
  const before = await sightOfCalm(service, prometheus)
  const watch = watchHealth(service)
  for (const scenario of scenarios) {
    say(`… ${scenario.name}`)
    await scenario.play(service)
  }
  const all = await lookForAll(service, prometheus, before)
  const isHealthy = await heals(service)
  await watch.stop()
  await traffic.stop()
  say(tableOf(all))
  sayHealth(watch, isHealthy)
  void screens
  void startedAt
  return all.every(isComplete) && watch.reasons.size > 0 && isHealthy ? 0 : 1
}

async function sightOfCalm(service: Service, prometheus: Prometheus): Promise<Sight> {
  await new Promise((resolve) => setTimeout(resolve, quietMillis))
  await until('The first scrape', evidenceMillis, async () => ((await prometheus.value('up')) === 1 ? true : undefined))
  return look(service, prometheus, scenarios)
}

/** Scrapes and alerts come a second or two later. @returns what there is when everything was found, or the time is over */
async function lookForAll(service: Service, prometheus: Prometheus, before: Sight): Promise<readonly Evidence[]> {
  let all: readonly Evidence[] = []
  await until('All of it', evidenceMillis, async () => {
    const after = await look(service, prometheus, scenarios)
    all = scenarios.map((scenario) => compare(scenario, before, after))
    return all.every(isComplete) ? true : undefined
  }).catch(() => undefined)
  return all
}

function heals(service: Service): Promise<boolean> {
  return until('Health', evidenceMillis, async () => ((await service.health()).healthy ? true : undefined)).catch(() => false)
}

function sayHealth({ reasons }: HealthWatch, isHealthy: boolean): void {
  say(`/health was ${reasons.size === 0 ? 'healthy all the time' : 'not healthy meanwhile:'}`)
  for (const reason of reasons) say(`  ${reason}`)
  say(`/health is ${isHealthy ? 'healthy again.' : 'still not healthy.'}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
