import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, MarkAreaComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([LineChart, GridComponent, LegendComponent, MarkAreaComponent, TitleComponent, SVGRenderer])

/** A panel of the dashboard with what Prometheus answered. */
export interface Chart {
  readonly title: string
  /** As Grafana calls it: `s`, `short`, `reqps` … */
  readonly unit: string
  readonly lines: readonly ChartLine[]
  /** An event during the load, marked in the background. */
  readonly phases: readonly Phase[]
}

/** In seconds since the load began. */
export interface Phase {
  readonly name: string
  readonly from: number
  readonly to: number
}

export interface ChartLine {
  readonly name: string
  /** Seconds since the load began, and the value; `null` where there was none. */
  readonly points: readonly (readonly [seconds: number, value: number | null])[]
}

const width = 640
/** The height of a panel without its legend, and of a row of the legend. */
const height = { panel: 250, legend: 34 }
const namesInRow = 4
const [background, faint, text] = ['#181b1f', '#2f343b', '#ccd2da']
/** Grafana's own colours, in its order. */
const color = ['#73bf69', '#f2cc0c', '#5794f2', '#ff9830', '#f2495c', '#b877d9', '#8ab8ff', '#ca95e5']

/** Draws a panel as an SVG with its own background, so that it looks the same on light and dark pages. */
export function drawChart({ title, unit, lines, phases }: Chart): string {
  const legend = Math.ceil(lines.length / namesInRow) * height.legend
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height: height.panel + legend })
  const splitLine = { lineStyle: { color: faint } }
  const seconds = { color: text, showMaxLabel: false, formatter: (value: number) => `${Math.round(value)} s` }
  const values = { color: text, formatter: (value: number) => inUnit(value, unit) }
  chart.setOption({
    backgroundColor: background,
    animation: false,
    color,
    title: { text: title, left: 12, top: 8, textStyle: { color: text, fontSize: 14, fontWeight: 500 } },
    legend: {
      bottom: 6,
      left: 12,
      itemGap: 22,
      itemWidth: 14,
      itemHeight: 4,
      icon: 'rect',
      textStyle: { color: text },
    },
    grid: { left: 60, right: 20, top: 56, bottom: 36 + legend },
    xAxis: { type: 'value', min: 0, max: 'dataMax', splitLine, axisLabel: seconds },
    yAxis: { type: 'value', splitNumber: 4, splitLine, axisLabel: values },
    series: [...lines.map(toSeries), { type: 'line', markArea: markArea(phases) }],
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${svg}\n`
}

function toSeries({ name, points }: ChartLine): object {
  return { type: 'line', name, data: points, showSymbol: false, lineStyle: { width: 2 } }
}

function markArea(phases: readonly Phase[]): object {
  return {
    silent: true,
    itemStyle: { color: '#ffffff' },
    label: { color: text, opacity: 0.8, fontSize: 11, position: 'top' },
    data: phases.map(({ name, from, to }, index) => [
      { name, xAxis: from, itemStyle: { opacity: index % 2 === 0 ? 0.08 : 0.03 } },
      { xAxis: to },
    ]),
  }
}

function inUnit(value: number, unit: string): string {
  if (unit === 's') return value < 1 && value > 0 ? `${Math.round(value * 1000)} ms` : `${value} s`
  if (unit === 'percentunit') return `${Math.round(value * 100)} %`
  return String(value)
}
