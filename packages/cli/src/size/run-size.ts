import { UsageError } from '@poolsafe/config'
import type { DurationHistogram } from '@poolsafe/core/internal'
import { planSize, sizeClasses, type SizeOptions, type SizePlan } from '@poolsafe/operate'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import { jsonReport } from '../schema-url.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { sizeOptionsOf, type SizeFlags } from './flags.ts'
import { classRows, formatClasses } from './format-classes.ts'
import { formatCurve } from './format-curve.ts'
import { formatPlan } from './format-plan.ts'
import { htmlPage, htmlTable } from '../html/page.ts'
import { htmlPlan } from './html-plan.ts'
import { readStats } from './read-stats.ts'
import { meanOfHistogram, waitCurveOf, type WaitCurve } from './wait-curve.ts'

/**
 * Exits with 1 if something does not fit.
 *
 * @throws UsageError for a flag that is no number, and for a file of statistics that cannot be read
 * @throws InvalidOptionError for a number that makes no sense
 */
export async function runSize(flags: SizeFlags, terminal: Terminal, style: Style): Promise<ExitCode> {
  if (flags.table === true) {
    terminal.out(tableIn(flags.format, style, terminal.columns))
    return exitCodes.clean
  }
  const recorded = flags.stats === undefined ? undefined : readStats(flags.stats, terminal.cwd)
  const options = withRecorded(sizeOptionsOf(flags), recorded)
  const plan = planSize(options)
  if (recorded !== undefined && flags.simulate !== true)
    throw new UsageError('--stats has the durations for a simulation: add --simulate')
  const curve = flags.simulate === true ? waitCurveOf(plan, options, recorded) : undefined
  terminal.out(planIn(flags.format, plan, curve, style, terminal.columns))
  return plan.problems.length === 0 ? exitCodes.clean : exitCodes.findings
}

/** The plan is for the durations that the simulation has, unless others are given. */
function withRecorded(options: SizeOptions, recorded: DurationHistogram | undefined): SizeOptions {
  if (recorded === undefined || options.meanMillis !== undefined) return options
  return { ...options, meanMillis: meanOfHistogram(recorded) }
}

function tableIn(format: SizeFlags['format'], style: Style, columns: number): string {
  const [head = [], ...rows] = classRows()
  if (format === 'html') return htmlPage('poolsafe size', htmlTable(head, rows))
  if (format === 'pretty') return formatClasses(style, columns)
  const examples = sizeClasses.map(({ class: name, options }) => ({ class: name, options, plan: planSize(options) }))
  return `${JSON.stringify(examples, undefined, 2)}\n`
}

function planIn(
  format: SizeFlags['format'],
  plan: SizePlan,
  curve: WaitCurve | undefined,
  style: Style,
  columns: number,
): string {
  if (format === 'json') return jsonReport('size', curve === undefined ? plan : { ...plan, simulation: curve })
  if (format === 'html') return htmlPlan(plan, curve)
  const text = formatPlan(plan, style, columns)
  return curve === undefined ? text : `${text}\n${formatCurve(curve, style, columns)}`
}
