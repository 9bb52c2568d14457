import { cpus, totalmem } from 'node:os'
import Table from 'cli-table3'
import { judge, type Measure } from './benchmark.ts'

/** What one benchmark measured. */
export interface Result {
  readonly benchmark: string
  readonly measures: readonly Measure[]
}

/** Lines of the budgets' table that nothing here measures. */
const elsewhere = [
  'health answers in under 5 ms while the pool is exhausted: asserted by no time, as tests run on machines of any speed',
  'lines taken of statements that are slow or repeated: some 10 µs each, bounded in number',
]

const heads = ['', 'measured', '± noise', 'budget', 'of budget', '']

/** For people. */
export function reportAsTable(results: readonly Result[]): string {
  const tables = results.map(({ benchmark, measures }) => `${benchmark}\n${tableOf(measures)}`)
  return [machine(), ...tables, `Not measured here:\n${elsewhere.map((line) => `  ${line}`).join('\n')}`].join('\n\n')
}

/** For programs: the same figures, and what became of each budget. */
export function reportAsJson(results: readonly Result[]): string {
  const judged = results.map(({ benchmark, measures }) => ({
    benchmark,
    measures: measures.map((measure) => ({ ...measure, ...outcomeOf(measure) })),
  }))
  return JSON.stringify({ machine: machine(), results: judged, elsewhere }, undefined, 2)
}

function machine(): string {
  const [cpu] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model ?? 'unknown'}, ${gigabytes} GB`
}

function tableOf(measures: readonly Measure[]): string {
  const colAligns = heads.map((_, index) => (index === 0 || index === heads.length - 1 ? 'left' : 'right'))
  const table = new Table({ head: heads, colAligns, style: { head: [], border: [], compact: true } })
  for (const measure of measures) table.push(rowOf(measure))
  return table.toString()
}

function rowOf(measure: Measure): string[] {
  const { what, value, unit, budget, noise } = measure
  const outcome = outcomeOf(measure)
  return [
    what,
    `${figure(value)} ${unit}`.trim(),
    noise === undefined ? '' : figure(noise),
    budget === undefined ? '' : `${budget.bound === 'most' ? '≤' : '≥'} ${budget.limit} ${unit}`.trim(),
    outcome === undefined || !Number.isFinite(outcome.ratio) ? '' : `${outcome.ratio.toFixed(2)} ×`,
    outcome?.verdict ?? '',
  ]
}

function outcomeOf(measure: Measure): { verdict: string; ratio: number } | undefined {
  const { value, budget } = measure
  return budget === undefined ? undefined : { verdict: judge(measure, budget), ratio: value / budget.limit }
}

/** Three digits that matter. */
function figure(value: number): string {
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toLocaleString('en', {
    minimumFractionDigits: Math.min(digits, 4),
    maximumFractionDigits: Math.min(digits, 4),
  })
}
