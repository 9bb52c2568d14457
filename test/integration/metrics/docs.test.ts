import { createGuard } from '@poolsafe/core'
import { openTelemetryMetrics } from '@poolsafe/metrics/opentelemetry'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { instruments } from '../../../packages/metrics/src/instruments.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8')

/** The cells of the table whose first heading is this. */
function tableOf(heading: string): string[][] {
  const lines = page.split('\n')
  const from = lines.findIndex((line) => line.startsWith(`| ${heading} `)) + 2
  const rows = lines.slice(from, lines.indexOf('', from))
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

const toRegenerate = 'docs/metrics.md differs from the code; run npm run docs'

it('docs/metrics.md has every metric of a registry, and what the registry says of it', () => {
  const registry = new Registry()
  prometheusMetrics(createGuard(), { registry })
  const all = registry.getMetricsAsArray() as unknown as { name: string; type: string; help: string }[]
  const described = tableOf('metric').map(([name, type, , help]) => ({ name, type, help }))
  expect(described, toRegenerate).toEqual(all.map(({ name, type, help }) => ({ name, type, help })))
})

it('docs/metrics.md has every instrument that is read, and what it says of itself', () => {
  const told = tableOf('instrument').map(([name, type, unit, description]) => ({ name, type, unit, description }))
  expect(told, toRegenerate).toEqual(
    instruments.map(({ name, type, unit, description }) => ({ name, type, unit, description })),
  )
})

it('docs/metrics.md has every histogram of a meter', () => {
  const histograms: string[] = []
  const meter = new MeterProvider().getMeter('test')
  const { createHistogram } = meter
  Object.assign(meter, {
    createHistogram(...args: Parameters<typeof createHistogram>) {
      histograms.push(args[0])
      return Reflect.apply(createHistogram, meter, args) as unknown
    },
  })
  openTelemetryMetrics(createGuard(), { meter })
  const told = tableOf('histogram').map(([name]) => name)
  expect(new Set(told)).toEqual(new Set(histograms))
})

it('docs/metrics.md has every alert', () => {
  const alerts = readFileSync(join(root, 'packages/metrics/prometheus/alerts.yml'), 'utf8')
  expect(tableOf('alert').map(([name]) => name)).toEqual([...alerts.matchAll(/alert: (\w+)/g)].map(([, name]) => name))
})

it.each([...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code))(
  'the code of docs/metrics.md can be parsed: %#',
  (code) => {
    expect(() => stripTypeScriptTypes(code)).not.toThrow()
  },
)
