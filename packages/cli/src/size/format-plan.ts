import type { Figure, SizePlan } from '@poolsafe/operate'
import type { Style } from '../terminal/style.ts'
import { formatTable, wrap } from '../terminal/table.ts'
import { formatValue } from './format-value.ts'

/** Formats a plan for people: problems, numbers with formulas, what breaks first, snippets. */
export function formatPlan(plan: SizePlan, style: Style, columns: number): string {
  const parts = [
    `${style.bold(plan.class)}\n`,
    ...plan.problems.map(
      ({ what, remedy }) => `${style.red('✗')} ${wrap(`${what}. Remedy: ${remedy}.`, columns - 2, 2)}\n`,
    ),
    formatTable(
      plan.figures.map((figure) => rowOf(figure, style)),
      columns,
    ),
    `${style.bold('What breaks first')}\n${formatTable(limitRows(plan, style), columns)}`,
    ...plan.snippets.map(({ title, text }) => `${style.bold(title)}\n${text.replaceAll(/^(?=.)/gm, '  ')}\n`),
  ]
  return parts.join('\n')
}

function rowOf({ name, value, unit, formula, source }: Figure, style: Style): string[] {
  return [name, style.bold(formatValue(value, unit)), `${formula} ${style.dim(`[${source}]`)}`]
}

function limitRows({ limits }: SizePlan, style: Style): string[][] {
  return limits.map(({ what, at, unit, factor, shows, remedy }) => [
    factor < 1 ? style.red(`${factor} ×`) : `${factor} ×`,
    `${at} ${unit}`,
    `${what}: ${shows}. ${style.dim(remedy)}`,
  ])
}
