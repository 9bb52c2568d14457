import type { Sending } from './script.ts'
import { statementsIn } from './statements.ts'

/** A part of a migration that its runner sends on its own. */
export interface Section {
  readonly from: number
  readonly to: number
  readonly sending: Sending
}

/** A runner that has both directions in one file, with comments that begin them. */
interface Runner {
  /** The line that begins a part. Its first group has options. */
  readonly begins: RegExp
  /** A file, or the options of a part, that runs outside a transaction. */
  readonly outside: RegExp
  /** How the runner then sends: its statements one after the other, or the whole part as one query. */
  readonly sendsOutside: Sending
}

const goose: Runner = {
  begins: /^--[ \t]*\+goose[ \t]+(?:up|down)\b(.*)$/gim,
  outside: /^--[ \t]*\+goose[ \t]+no[ \t]+transaction\b/im,
  sendsOutside: 'statements',
}

const runners: readonly Runner[] = [
  goose,
  // dbmate
  {
    begins: /^[ \t]*--[ \t]*migrate:(?:up|down)\b(.*)$/gim,
    outside: /\btransaction:false\b/i,
    sendsOutside: 'whole',
  },
  // sql-migrate
  {
    begins: /^--[ \t]*\+migrate[ \t]+(?:up|down)\b(.*)$/gim,
    outside: /\bnotransaction\b/i,
    sendsOutside: 'statements',
  },
  // node-pg-migrate
  { begins: /^[ \t]*--[ \t-]*(?:up|down)[ \t]+migration\b(.*)$/gim, outside: /(?!)/, sendsOutside: 'statements' },
]

/** The comments of graphile-migrate, which then sends the file as one query, and of Atlas, which sends its statements. */
const wholeOutside: readonly (readonly [comment: RegExp, sending: Sending])[] = [
  [/^--![ \t]*no-transaction\b/im, 'whole'],
  [/^--[ \t]*atlas:txmode[ \t]+none\b/im, 'statements'],
]

/** Returns true for a file with the comments of a runner of migrations, whatever its path is. */
export function hasSections(source: string): boolean {
  return runners.some(({ begins }) => source.search(begins) !== -1)
}

/**
 * Returns the parts that a runner sends on their own: what DOWN takes back does not undo what UP leaves. A file without
 * such comments is one part in one transaction.
 */
export function sectionsOf(source: string): Section[] {
  const runner = runners.find(({ begins }) => source.search(begins) !== -1)
  if (runner !== undefined) return partsOf(source, runner)
  const [, sending] = wholeOutside.find(([comment]) => comment.test(source)) ?? []
  const all = { from: 0, to: source.length }
  return [{ ...all, sending: sending === undefined ? 'whole' : outsideOf(source, sending) }]
}

function partsOf(source: string, runner: Runner): Section[] {
  const starts = [...source.matchAll(runner.begins)]
  const isOutside = runner === goose && goose.outside.test(source)
  return starts.flatMap(({ 0: line, 1: options = '', index }, at) => {
    const from = index + line.length
    const to = starts[at + 1]?.index ?? source.length
    if (!isOutside && !runner.outside.test(options)) return [{ from, to, sending: 'whole' as const }]
    return runner === goose
      ? groupsOf(source, from, to)
      : [{ from, to, sending: outsideOf(source.slice(from, to), runner.sendsOutside) }]
  })
}

/** PostgreSQL runs a query of several statements as one transaction, and a single statement as its own. */
function outsideOf(sql: string, sending: Sending): Sending {
  return sending === 'whole' && statementsIn(sql).length > 1 ? 'whole' : 'statements'
}

/** Goose sends what is between StatementBegin and StatementEnd as one query. */
function groupsOf(source: string, start: number, end: number): Section[] {
  const found: Section[] = []
  let from = start
  for (const { 0: line, 1: mark = '', index } of source
    .slice(start, end)
    .matchAll(/^--[ \t]*\+goose[ \t]+statement(begin|end)\b.*$/gim)) {
    const at = start + index
    const sending = mark.toLowerCase() === 'end' ? outsideOf(source.slice(from, at), 'whole') : 'statements'
    found.push({ from, to: at, sending })
    from = at + line.length
  }
  return [...found, { from, to: end, sending: 'statements' }]
}
