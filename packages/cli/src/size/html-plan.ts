import type { SizePlan } from '@poolsafe/operate'
import { escapeHtml, htmlPage, htmlTable } from '../html/page.ts'
import { formatValue, formatWait } from './format-value.ts'
import type { WaitCurve, WaitPoint } from './wait-curve.ts'

/** The plan as a page of HTML, with the chart of the simulation. */
export function htmlPlan(plan: SizePlan, curve: WaitCurve | undefined): string {
  const parts = [
    ...plan.problems.map(({ what, remedy }) => `<p class="failure">✗ ${escapeHtml(`${what}. Remedy: ${remedy}.`)}</p>`),
    htmlTable(
      ['', '', 'formula', 'source'],
      plan.figures.map(({ name, value, unit, formula, source }) => [name, formatValue(value, unit), formula, source]),
    ),
    '<h2>What breaks first</h2>',
    htmlTable(
      ['growth', 'at', 'limit', 'users see', 'remedy'],
      plan.limits.map(({ what, at, unit, factor, shows, remedy }) => [
        `${factor} ×`,
        `${at} ${unit}`,
        what,
        shows,
        remedy,
      ]),
    ),
    ...(curve === undefined ? [] : [chartOf(curve)]),
    ...plan.snippets.map(({ title, text }) => `<h2>${escapeHtml(title)}</h2>\n<pre>${escapeHtml(text)}</pre>`),
  ]
  return htmlPage(`poolsafe size: ${plan.class}`, parts.join('\n'))
}

const width = 640
const height = 240

function chartOf({ place, arrivalsPerSecond, meanMillis, points }: WaitCurve): string {
  const bounded = points.filter(({ p99WaitMillis }) => p99WaitMillis !== null)
  const most = Math.max(...bounded.map(({ p99WaitMillis }) => p99WaitMillis ?? 0), 1)
  const step = width / Math.max(points.length, 1)
  const bars = points.map((point, at) => barOf(point, at * step, step, most)).join('\n')
  const load = `${arrivalsPerSecond.toFixed(1)} checkouts/s of ${meanMillis.toFixed(1)} ms`
  return `<h2>The wait for a connection</h2>
<p>${escapeHtml(`${place}: ${load}, simulated. Bars are p99; the highest is ${formatWait(most)}.`)}</p>
<svg viewBox="0 0 ${width} ${height + 40}" role="img" aria-label="p99 wait over numbers of connections">
${bars}
</svg>
${htmlTable(
  ['connections', 'busy', 'p50', 'p99', 'M/M/c p99'],
  points.map(({ connections, utilisation, p50WaitMillis, p99WaitMillis, formulaP99WaitMillis, isPlanned }) => [
    isPlanned ? `${connections} planned` : String(connections),
    `${(100 * utilisation).toFixed(0)} %`,
    formatWait(p50WaitMillis),
    formatWait(p99WaitMillis),
    formatWait(formulaP99WaitMillis),
  ]),
)}`
}

function barOf({ connections, p99WaitMillis, isPlanned }: WaitPoint, x: number, step: number, most: number): string {
  const tall = (height * (p99WaitMillis ?? most)) / most
  const colour = p99WaitMillis === null ? '#c62f2f' : isPlanned ? '#2a8a3e' : '#4a7fc1'
  return `<rect x="${(x + 2).toFixed(1)}" y="${(height - tall).toFixed(1)}" width="${(step - 4).toFixed(1)}" height="${tall.toFixed(1)}" fill="${colour}"/>
<text x="${(x + step / 2).toFixed(1)}" y="${height + 20}" text-anchor="middle" font-size="12" fill="currentColor">${connections}</text>`
}
