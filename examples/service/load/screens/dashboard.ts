import { readFile } from 'node:fs/promises'
import type { Prometheus, Series } from '../prometheus.ts'
import { shipped } from '../shipped.ts'
import type { Chart, ChartLine, Phase } from './chart.ts'

/** Of a dashboard of Grafana, what is read here. */
interface Panel {
  readonly title: string
  readonly type: string
  readonly targets?: readonly Target[]
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } }
  /** Of a row. */
  readonly panels?: readonly Panel[]
}

interface Target {
  readonly expr: string
  readonly legendFormat?: string
}

/** When it was, in seconds since 1970. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The dashboard's panels that are drawn over time, with what Prometheus answers to their own expressions. */
export async function readPanels(prometheus: Prometheus, span: Span, phases: readonly Phase[]): Promise<readonly Chart[]> {
  const dashboard = JSON.parse(await readFile(shipped('grafana/dashboard.json'), 'utf8')) as { panels: readonly Panel[] }
  const panels = dashboard.panels.flatMap((panel) => panel.panels ?? panel).filter(({ type }) => type === 'timeseries')
  const charts = await Promise.all(
    panels.map(async ({ title, fieldConfig, targets = [] }) => {
      const lines = await Promise.all(targets.map((target) => readLines(prometheus, target, span)))
      return { title, unit: fieldConfig?.defaults?.unit ?? 'short', lines: lines.flat(), phases }
    }),
  )
  // What did not happen needs no picture.
  return charts.filter(({ lines }) => lines.some(({ points }) => points.some(([, value]) => value !== null && value > 0)))
}

async function readLines(prometheus: Prometheus, { expr, legendFormat = '' }: Target, { from, to }: Span): Promise<ChartLine[]> {
  const series = await prometheus.range(withoutVariables(expr), from, to)
  return series.map((each) => ({
    name: nameOf(each, legendFormat),
    points: each.points.map(([at, value]) => [at - from, Number.isFinite(value) ? value : null]),
  }))
}

/** What Grafana would fill in: everything, and for rates a few scrapes. */
function withoutVariables(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5s').replaceAll(/\$(?:\w+|\{\w+(?::\w+)?\})/g, '.*')
}

function nameOf({ labels }: Series, format: string): string {
  return format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '') || Object.values(labels).join(' ')
}
