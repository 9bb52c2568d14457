import { readFile } from 'node:fs/promises'
import type { Prometheus, Series } from '../prometheus.ts'
import { shipped } from '../shipped.ts'
import type { Chart, ChartLine, Phase } from './chart.ts'

/** The parts of a Grafana dashboard that are read here. */
interface Panel {
  readonly title: string
  readonly type: string
  readonly targets?: readonly Target[]
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } }
  /** The height of a row. */
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

/** Panels that the guide shows. */
const shownTitles: readonly string[] = [
  'Connections',
  'Waiting calls',
  'Acquire wait',
  'Use time',
  'Pooler wait',
  'Timeouts and refusals',
  'Connections acquired',
  'Statements by kind',
  'Duration',
  'Slow and repeated',
]

/**
 * Panels of the dashboard, with what Prometheus answers to their own expressions.
 *
 * @throws Error for one that the dashboard does not have, or has under another name
 */
export async function readPanels(
  prometheus: Prometheus,
  span: Span,
  phases: readonly Phase[],
): Promise<readonly Chart[]> {
  const dashboard = JSON.parse(await readFile(shipped('grafana/dashboard.json'), 'utf8')) as {
    panels: readonly Panel[]
  }
  const panels = dashboard.panels.flatMap((panel) => panel.panels ?? panel)
  return Promise.all(
    shownTitles.map(async (title) => {
      const panel = panels.find((each) => each.type === 'timeseries' && each.title === title)
      if (panel === undefined) throw new Error(`The dashboard has no panel ${title}`)
      const lines = await Promise.all((panel.targets ?? []).map((target) => readLines(prometheus, target, span)))
      return { title, unit: panel.fieldConfig?.defaults?.unit ?? 'short', lines: lines.flat(), phases }
    }),
  )
}

async function readLines(
  prometheus: Prometheus,
  { expr, legendFormat = '' }: Target,
  { from, to }: Span,
): Promise<ChartLine[]> {
  const series = await prometheus.range(withoutVariables(expr), from, to)
  return series.map((each) => ({
    name: nameOf(each, legendFormat),
    points: each.points.map(([at, value]) => [at - from, Number.isFinite(value) ? value : null]),
  }))
}

/** The values that Grafana would fill in: all series, and a few scrapes for rates. */
function withoutVariables(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5s').replaceAll(/\$(?:\w+|\{\w+(?::\w+)?\})/g, '.*')
}

function nameOf({ labels }: Series, format: string): string {
  return (
    format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '') ||
    Object.values(labels).join(' ')
  )
}
