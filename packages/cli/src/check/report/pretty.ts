import { ruleById } from '@poolsafe/core'
import type { Style } from '../../terminal/style.ts'
import { findingRows } from '../../terminal/finding-rows.ts'
import { formatTable, type Layout } from '../../terminal/table.ts'
import { visible } from '../../terminal/visible.ts'
import type { CheckFinding } from '../finding.ts'
import { placeOf } from './concise.ts'
import { counted, ofLevel, type CheckResult } from './result.ts'

/** How a report for people looks. */
export interface PrettyOptions extends Layout {
  /** Shows every place. @default the first few of each rule */
  readonly all: boolean
  /** Returns the line of a file; `undefined` if it cannot be read. */
  readonly lineOf: (path: string, line: number) => string | undefined
  /** The message if there are no errors. @default 'nothing found' */
  readonly clean?: string | undefined
}

/** How many places of one rule are shown. */
const mostPlaces = 5

/** A report for people: each rule once, with its cause and its remedy, then the places. */
export function pretty(result: CheckResult, options: PrettyOptions): string {
  const errors = byRule(ofLevel(result, 'error')).map((findings) => section(findings, options))
  const notes = notesOf(ofLevel(result, 'note'), options)
  const skipped = result.skipped.map(
    ({ path, reason }) => `${options.style.yellow('not checked')}  ${visible(`${path}: ${reason}`)}\n`,
  )
  const problems = result.problems.map(
    ({ path, line, message }) =>
      `${options.style.yellow('comment')}  ${visible(`${path}:${line}`)}  ${visible(message)}\n`,
  )
  const hints = result.hints.map((hint) => `${options.style.cyan('hint')}  ${hint}; name the pooler with --pooler\n`)
  return [...errors, notes, problems.join(''), skipped.join(''), hints.join(''), summary(result, options)]
    .filter((part) => part !== '')
    .join('\n')
}

type Group = readonly [CheckFinding, ...CheckFinding[]]

/** The findings of each rule, the most frequent first. */
function byRule(findings: readonly CheckFinding[]): Group[] {
  const groups = new Map<string, [CheckFinding, ...CheckFinding[]]>()
  for (const finding of findings) {
    const group = groups.get(finding.rule)
    if (group === undefined) groups.set(finding.rule, [finding])
    else group.push(finding)
  }
  return [...groups.values()].toSorted((one, other) => other.length - one.length)
}

function section(findings: Group, { style, columns, all, lineOf }: PrettyOptions): string {
  const [{ rule }] = findings
  const shown = all ? findings : findings.slice(0, mostPlaces)
  const more = findings.length - shown.length
  return [
    `${style.bold(rule)}  ${ruleById[rule].title} ${style.dim(`(${counted(findings.length, 'place')})`)}\n\n`,
    ...shown.map((finding) => placeWithSource(finding, style, lineOf)),
    more > 0 ? `  … and ${counted(more, 'more place')} (--all shows them)\n` : '',
    '\n',
    findingRows(findings, { style, columns }),
  ].join('')
}

function placeWithSource(finding: CheckFinding, style: Style, lineOf: PrettyOptions['lineOf']): string {
  const { line, column, endLine, endColumn, path, message } = finding
  const text = lineOf(path, line)
  const head = `  ${style.cyan(visible(placeOf(finding)))}  ${style.red(visible(message))}\n`
  if (text === undefined) return head
  const from = column - 1
  const to = endLine === line ? Math.max(endColumn - 1, from + 1) : text.length
  const { shown, shift } = cut(text, from)
  const marks = '^'.repeat(Math.max(Math.min(to - from, shown.length - (from - shift)), 1))
  const gutter = String(line)
  const blank = ' '.repeat(gutter.length)
  return `${head}    ${style.dim(`${gutter} │`)} ${shown}\n    ${style.dim(`${blank} │`)} ${' '.repeat(from - shift)}${style.red(marks)}\n`
}

/** The part of a long line around a column, without its indentation. */
function cut(text: string, from: number): { readonly shown: string; readonly shift: number } {
  const indent = Math.min(text.search(/\S|$/), from)
  const shift = Math.max(indent, from - 40)
  return { shown: text.slice(shift, shift + 120).replaceAll(/[\p{Cc}\p{Cf}]/gu, ' '), shift }
}

/** Notes take one line for each rule. */
function notesOf(notes: readonly CheckFinding[], { style, all }: PrettyOptions): string {
  return byRule(notes)
    .map((findings) => {
      const [{ rule }] = findings
      const shown = all ? findings : findings.slice(0, 3)
      const places = shown.map(
        (finding) => `    ${style.cyan(visible(placeOf(finding)))}  ${visible(finding.message)}\n`,
      )
      const more = findings.length > shown.length ? `    … and ${findings.length - shown.length} more (--all)\n` : ''
      return `${style.yellow('note')}  ${rule}: ${reasonOf(findings)}\n${places.join('')}${more}`
    })
    .join('')
}

function reasonOf(findings: Group): string {
  const [{ rule, origin }] = findings
  const places = counted(findings.length, 'place')
  if (rule === 'statement/undecided') return `${places} that cannot be judged, with a word of session state`
  if (origin === 'migration') return `${places} in migrations; fine over a direct connection, wrong over the pooler`
  return `${places} in scripts; fine over a direct connection, wrong over the pooler`
}

/** With several poolers: how many findings each of them has. */
function byPooler({ findings, poolers }: CheckResult): string {
  if (poolers.length < 2) return ''
  const count = (label: string, level: CheckFinding['level']): string =>
    String(findings.filter((finding) => finding.level === level && finding.poolers.includes(label)).length)
  const rows = poolers.map((label) => [count(label, 'error'), count(label, 'note'), label])
  return `${formatTable([['findings', 'notes', 'behind'], ...rows], 200)}\n`
}

function summary(result: CheckResult, { style, clean = 'nothing found' }: PrettyOptions): string {
  const { counts, poolers, millis } = result
  const errors = ofLevel(result, 'error')
  const notes = ofLevel(result, 'note')
  const files = new Set(errors.map(({ path }) => path)).size
  const verdict =
    errors.length === 0
      ? style.green(clean)
      : style.red(`${counted(errors.length, 'finding')} in ${counted(files, 'file')}`)
  const also = notes.length === 0 ? '' : `, ${counted(notes.length, 'note')}`
  const read = `${counted(counts.files, 'file')}, ${counted(counts.tags + counts.calls, 'SQL text')}, ${counted(counts.scripts, 'script')}`
  return `${byPooler(result)}${verdict}${also} ${style.dim(`(${read}, ${(millis / 1_000).toFixed(1)} s; ${poolers.join('; ')})`)}\n`
}
