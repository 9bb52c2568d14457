import { cpus, loadavg, totalmem } from 'node:os'
import Table from 'cli-table3'
import { exact, judge, judgeChange, type Budget, type Estimate, type Measure, type Verdict } from './benchmark.ts'

/** The figures of one benchmark. */
export interface Result {
  readonly benchmark: string
  readonly measures: readonly Measure[]
}

/** Circumstances of the run. */
export interface Run {
  /** The older commit, if there is one to compare with. */
  readonly against: string | undefined
  /** True if the machine counts retired instructions. */
  readonly instructions: string
}

/** Budgets that nothing here measures. */
const elsewhere = [
  'Health answers in under 5 ms while the pool is exhausted: a test asserts that it answers, without a clock.',
  'A captured call site takes about 10 µs. Only slow or repeated statements have one, and their number is bounded.',
]

/** For people. */
export function reportAsTable(results: readonly Result[], run: Run): string {
  const tables = results.map(({ benchmark, measures }) => `${benchmark}\n${tableOf(measures, run)}`)
  const notes = `Not measured here:\n${elsewhere.map((line) => `  ${line}`).join('\n')}`
  return [[machine(), run.instructions].join('\n'), ...tables, notes].join('\n\n')
}

/** For programs: the same figures and verdicts. */
export function reportAsJson(results: readonly Result[], run: Run): string {
  const judged = results.map(({ benchmark, measures }) => ({
    benchmark,
    measures: measures.map((measure) => ({ ...measure, verdict: verdictOf(measure)?.is })),
  }))
  return JSON.stringify({ machine: machine(), ...run, results: judged, elsewhere }, undefined, 2)
}

function machine(): string {
  const [cpu] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const load = loadavg()[0]?.toFixed(1)
  const model = cpu?.model ?? 'unknown'
  const hardware = `${cpus().length} × ${model}, ${gigabytes} GB, load ${load}`
  return `Node ${process.version}, ${process.platform} ${process.arch}, ${hardware}, ${new Date().toISOString().slice(0, 10)}`
}

function tableOf(measures: readonly Measure[], { against }: Run): string {
  const head = against === undefined ? headOfBudgets : headOfChanges(against)
  const colAligns = head.map((_, index) => (index === 0 || index === head.length - 1 ? 'left' : 'right'))
  const table = new Table({ head: [...head], colAligns, style: { head: [], border: [], compact: true } })
  for (const measure of measures) table.push(against === undefined ? budgetRow(measure) : changeRow(measure))
  return table.toString()
}

const headOfBudgets = ['', 'measured', '99 % interval', 'budget', 'verdict'] as const

function headOfChanges(against: string): string[] {
  return ['', `at ${against}`, 'now', 'change', '99 % interval', 'verdict']
}

function budgetRow(measure: Measure): string[] {
  const { what, value, unit, budget, estimate } = measure
  return [what, withUnit(value, unit), intervalOf(estimate), limitOf(budget, unit), wordsOf(measure)]
}

function changeRow(measure: Measure): string[] {
  const { what, value, unit, against } = measure
  if (against === undefined) return [what, '', withUnit(value, unit), '', '', '']
  const { before, change } = against
  return [
    what,
    withUnit(before, unit),
    withUnit(value, unit),
    withUnit(change.value, unit),
    intervalOf(change),
    wordsOf(measure),
  ]
}

function wordsOf(measure: Measure): string {
  const verdict = verdictOf(measure)
  if (verdict === undefined) return ''
  if (verdict.is === 'undecided') return `needs ${moreOf(verdict.more)}`
  if (measure.against === undefined) return verdict.is
  return verdict.is === 'holds' ? 'no worse' : 'worse'
}

/** A figure that is almost equal to its limit would need more blocks than anybody can wait for. */
function moreOf(count: number): string {
  return count > 100_000 ? 'over 100,000 more blocks' : `about ${count.toLocaleString('en')} more blocks`
}

function verdictOf(measure: Measure): Verdict | undefined {
  const { against, budget, estimate, value } = measure
  if (against !== undefined) return judgeChange(against)
  return budget === undefined ? undefined : judge(estimate ?? exact(value), budget)
}

function limitOf(budget: Budget | undefined, unit: string): string {
  return budget === undefined ? '' : `${budget.bound === 'most' ? '≤' : '≥'} ${withUnit(budget.limit, unit)}`
}

function intervalOf(estimate: Estimate | undefined): string {
  return estimate === undefined ? '' : `${figure(estimate.low)} … ${figure(estimate.high)}`
}

function withUnit(value: number, unit: string): string {
  return `${figure(value)} ${unit}`.trim()
}

/** Three significant digits. */
function figure(value: number): string {
  if (value === 0) return '0'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const digits = Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}
