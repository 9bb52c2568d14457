import type { Style } from '../terminal/style.ts'
import { formatTable, wrap } from '../terminal/table.ts'
import { formatWait } from './format-value.ts'
import type { WaitCurve, WaitPoint } from './wait-curve.ts'

/** The length of the longest bar, in characters. */
const longestBar = 30

/** Formats the wait over numbers of connections as a table with bars. */
export function formatCurve(curve: WaitCurve, style: Style, columns: number): string {
  const { place, arrivalsPerSecond, meanMillis, points } = curve
  const head = ['connections', 'busy', 'p50', 'p99', 'M/M/c p99', ''].map((cell) => style.bold(cell))
  const most = Math.max(...points.map(({ p99WaitMillis }) => p99WaitMillis ?? 0), 1)
  const load = `${Number(arrivalsPerSecond.toFixed(1))} checkouts/s of ${Number(meanMillis.toFixed(1))} ms`
  return [
    `${style.bold('The wait for a connection')} ${wrap(`${place}: ${load}, simulated`, columns)}\n`,
    formatTable([head, ...points.map((point) => rowOf(point, most, style))], columns),
  ].join('')
}

function rowOf(point: WaitPoint, most: number, style: Style): string[] {
  const { connections, utilisation, p50WaitMillis, p99WaitMillis, formulaP99WaitMillis, isPlanned } = point
  return [
    isPlanned ? style.bold(`${connections} planned`) : String(connections),
    `${(100 * utilisation).toFixed(0)} %`,
    formatWait(p50WaitMillis),
    formatWait(p99WaitMillis),
    formatWait(formulaP99WaitMillis),
    style.cyan('█'.repeat(Math.ceil((longestBar * (p99WaitMillis ?? most)) / most))),
  ]
}
