import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { findPrometheus } from '../../../test/support/prometheus/find-prometheus.ts'
import { shipped } from './shipped.ts'
import { startChild, type Child } from './child.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { until } from './until.ts'

/** A value in time, in seconds since 1970. */
export type Point = readonly [atSeconds: number, value: number]

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly Point[]
}

/** A real Prometheus that scrapes the service every second. */
export interface Prometheus {
  readonly version: string
  /** The current value of an expression; 0 without a series, the sum of several. */
  value(expression: string): Promise<number>
  range(expression: string, fromSeconds: number, toSeconds: number): Promise<readonly Series[]>
  stop(): Promise<void>
}

const startMillis = 60_000
const portAttempts = 3

/** @throws Error that says what to install where there is none */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const { prometheus } = await findPrometheus()
  const folder = temporaryFolder('poolsafe-prometheus-')
  await writeConfiguration(folder, target)
  for (let attempt = 1; ; attempt++) {
    const address = `127.0.0.1:${await freePort()}`
    const args = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`]
    const child = startChild(prometheus, [...args, `--web.listen-address=${address}`], process.env, 'SIGKILL')
    try {
      await untilReady(child, address)
      return await toPrometheus(address, () => child.end())
    } catch (error) {
      await child.end()
      if (attempt === portAttempts || !child.said().includes('address already in use')) throw error
    }
  }
}

/** The shipped alert rules, without their waiting times. */
async function writeConfiguration(folder: string, target: string): Promise<void> {
  const rules = await readFile(shipped('prometheus/alerts.yml'), 'utf8')
  await writeFile(
    join(folder, 'alerts.yml'),
    rules.replaceAll(/^(\s+for:).*$/gm, '$1 1s').replaceAll(/^(\s+interval:).*$/gm, '$1 1s'),
  )
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yml'],
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [target] }] }],
  }
  // JSON is YAML as well.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function untilReady(child: Child, address: string): Promise<void> {
  await until('Prometheus', startMillis, async () => {
    const ended = child.ended()
    if (ended !== undefined) throw new Error(`Prometheus ended ${ended}; it says:\n${child.said()}`)
    const isReady = await fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    return isReady ? true : undefined
  })
}

interface Result {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
  readonly values: readonly (readonly [number, string])[]
}

async function toPrometheus(address: string, stop: () => Promise<void>): Promise<Prometheus> {
  async function ask<Data>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<Data> {
    const response = await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
    const answer = (await response.json()) as { data: Data; error?: string }
    if (answer.error !== undefined) throw new Error(`Prometheus refuses ${JSON.stringify(parameters)}: ${answer.error}`)
    return answer.data
  }
  const { version } = await ask<{ version: string }>('status/buildinfo')
  return {
    version,
    stop,
    async value(query) {
      const { result } = await ask<{ result: Result[] }>('query', { query })
      return result.reduce((sum, { value }) => sum + Number(value[1]), 0)
    },
    async range(query, start, end) {
      const { result } = await ask<{ result: Result[] }>('query_range', {
        query,
        start: String(start),
        end: String(end),
        step: '1',
      })
      return result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([at, value]) => [at, Number(value)] as const),
      }))
    },
  }
}
