import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

/** A panel of the dashboard with what Prometheus answered. */
export interface Chart {
  readonly title: string
  /** As Grafana calls it: `s`, `short`, `reqps` … */
  readonly unit: string
  readonly lines: readonly ChartLine[]
}

export interface ChartLine {
  readonly name: string
  /** Seconds since the load began, and the value; `null` where there was none. */
  readonly points: readonly (readonly [seconds: number, value: number | null])[]
}

const size = { width: 560, height: 260 }
const [background, faint, text] = ['#181b1f', '#2f343b', '#ccd2da']
/** Grafana's own, in its order. */
const color = ['#73bf69', '#f2cc0c', '#5794f2', '#ff9830', '#f2495c', '#b877d9', '#8ab8ff', '#ca95e5']

/** Draws a panel as an SVG, with colours of its own: it is the same on a white page and on a dark one. */
export function drawChart({ title, unit, lines }: Chart): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  const axis = { axisLabel: { color: text }, splitLine: { lineStyle: { color: faint } }, axisLine: { lineStyle: { color: faint } } }
  chart.setOption({
    backgroundColor: background,
    animation: false,
    color,
    title: { text: title, left: 12, top: 8, textStyle: { color: text, fontSize: 14, fontWeight: 500 } },
    legend: { type: 'plain', bottom: 6, left: 12, itemWidth: 14, itemHeight: 4, icon: 'rect', textStyle: { color: text } },
    grid: { left: 12, right: 20, top: 44, bottom: 40 },
    xAxis: { type: 'value', min: 0, max: 'dataMax', ...axis, axisLabel: { color: text, formatter: '{value} s' } },
    yAxis: { type: 'value', ...axis, axisLabel: { color: text, formatter: (value: number) => inUnit(value, unit) } },
    series: lines.map(({ name, points }) => ({ type: 'line', name, data: points, showSymbol: false, lineStyle: { width: 2 } })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${svg}\n`
}

function inUnit(value: number, unit: string): string {
  if (unit === 's') return value < 1 && value > 0 ? `${Math.round(value * 1000)} ms` : `${value} s`
  if (unit === 'percentunit') return `${Math.round(value * 100)} %`
  return String(value)
}
