import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prettyFactory } from 'pino-pretty'
import type { Outcome, Phase } from '../play.ts'
import type { Prometheus } from '../prometheus.ts'
import { exhaustedPool, slowQuery, type Scenario } from '../scenarios.ts'
import { tableOf } from '../report.ts'
import { startService } from '../service.ts'
import { shops } from '../traffic.ts'
import { until } from '../until.ts'
import { drawChart } from './chart.ts'
import { readPanels } from './dashboard.ts'
import { drawTerminal, prompt } from './terminal.ts'

const patienceMillis = 60_000

/**
 * Writes what a terminal showed and what the dashboard shows, as pictures.
 *
 * @param folder below the folder in which npm was called
 * @returns their paths
 */
export async function writeScreens(folder: string, outcome: Outcome, prometheus: Prometheus): Promise<string[]> {
  const pictures = { ...(await drawTerminals(outcome)), ...(await drawPanels(outcome, prometheus)) }
  const target = join(process.env.INIT_CWD ?? process.cwd(), folder)
  await mkdir(target, { recursive: true })
  for (const [name, picture] of Object.entries(pictures)) await writeFile(join(target, `${name}.svg`), picture)
  return Object.keys(pictures).map((name) => join(folder, `${name}.svg`))
}

async function drawTerminals(outcome: Outcome): Promise<Record<string, string>> {
  const service = await startService({ LOG: 'console', FORCE_COLOR: '1', NO_COLOR: undefined })
  // The pool logs its limits when it opens.
  await service.send('GET', `${shops[0]}/customers`)
  const slow = `${shops[0]}/faulty/revenue`
  const repeated = `${shops[0]}/faulty/customers-with-orders`
  const pictures = {
    'slow-query': drawTerminal(prompt(`curl localhost:3000${slow}`) + (await saidAfter(service, slow))),
    'repeated-query': drawTerminal(prompt(`curl localhost:3000${repeated}`) + (await saidAfter(service, repeated))),
    'slow-query-in-pino': drawTerminal(prettyLine(outcome, slowQuery)),
    'exhausted-pool': drawTerminal(prettyLine(outcome, exhaustedPool)),
    load: drawTerminal(prompt('npm run service:load') + tableOf(outcome.evidence)),
    health: drawTerminal(
      prompt("curl -s localhost:9464/health | jq '{healthy, problems, reasons, poolInfo}'") + healthOf(outcome),
    ),
  }
  await service.stop()
  return pictures
}

/** Returns the lines that poolsafe prints on a console because of a request. */
async function saidAfter(service: Awaited<ReturnType<typeof startService>>, path: string): Promise<string> {
  const known = service.said().length
  await service.send('GET', path)
  return until(`What is said of ${path}`, patienceMillis, () => service.said().slice(known) || undefined)
}

/** A line of a scenario, the longest, as pino-pretty shows it. */
function prettyLine({ lines }: Outcome, scenario: Scenario): string {
  const pretty = prettyFactory({ colorize: true, ignore: 'time,pid,hostname,reqId' })
  const [line] = lines
    .filter((each) => scenario.isInLog(each))
    .toSorted((one, other) => other.msg.length - one.msg.length)
  return line === undefined ? 'nothing' : pretty(line)
}

function healthOf({ worst }: Outcome): string {
  if (worst === undefined) return 'nothing'
  const { healthy, problems, reasons, poolInfo } = worst
  return JSON.stringify({ healthy, problems, reasons, poolInfo }, undefined, 2)
}

async function drawPanels({ all, phases }: Outcome, prometheus: Prometheus): Promise<Record<string, string>> {
  const since = ({ name, from, to }: Phase): Phase => ({ name, from: from - all.from, to: to - all.from })
  const charts = await readPanels(prometheus, all, phases.map(since))
  return Object.fromEntries(charts.map((chart) => [`panel-${slug(chart.title)}`, drawChart(chart)]))
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
