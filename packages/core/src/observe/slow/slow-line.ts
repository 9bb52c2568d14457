import { counted } from '../../counted.ts'
import { seconds as inSeconds } from '../../checkout/no-connection-message.ts'
import type { LogEntry, LogFields } from '../../log/log-writer.ts'
import type { SlowQueryEvent } from '../events.ts'
import type { Rest } from './slow-repeats.ts'

/**
 * Formats a slow statement for the log: a line, rows for a terminal, and fields.
 *
 * @param rest other slow statements of its fingerprint that were not logged
 */
export function entryOf(event: SlowQueryEvent, rest: Rest): LogEntry {
  return {
    level: event.level === 'verySlow' ? 'error' : 'warn',
    message: plain(lineOf(event, rest)),
    terminal: rowsOf(event, rest),
    fields: fieldsOf(event, rest),
  }
}

/** A quoted name may contain line breaks and terminal escape sequences. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}

/** Shorter durations keep their milliseconds. */
const shortMillis = 10_000

/** `1234 ms`, `12.3 s` */
function seconds(millis: number): string {
  return millis < shortMillis ? `${Math.round(millis)} ms` : inSeconds(millis)
}

/** `slow query: User.findMany took 1234 ms` */
function headOf(event: SlowQueryEvent): string {
  return `${titleOf(event)}: ${nameOf(event)} ${event.failed ? 'failed after' : 'took'} ${seconds(event.durationMillis)}`
}

function titleOf({ level }: SlowQueryEvent): string {
  return level === 'verySlow' ? 'very slow query' : 'slow query'
}

/** `User.findMany`; else `SELECT orders by pg`. */
function nameOf({ operation, summary, layer }: SlowQueryEvent): string {
  return operation ?? `${summary} by ${layer}`
}

/** Splits the duration. A wait that cannot be distinguished from running counts as none. */
function partsOf({ poolWaitMillis, poolerWaitMillis, executionMillis }: SlowQueryEvent): string {
  const poolerWait = poolerWaitMillis === undefined ? 'unknown' : seconds(poolerWaitMillis)
  return `pool wait ${seconds(poolWaitMillis)}, pooler wait ${poolerWait}, execution ${seconds(executionMillis)}`
}

function circumstancesOf({ rows, failed, sqlState, transactionMillis, request, tag, pool }: SlowQueryEvent): string[] {
  return [
    rows === undefined ? '' : counted(rows, 'row'),
    failed ? (sqlState === undefined ? 'no SQLSTATE' : `SQLSTATE ${sqlState}`) : '',
    transactionMillis === undefined ? '' : `transaction ${seconds(transactionMillis)} old`,
    request === undefined ? '' : `request ${request}`,
    tag === undefined ? '' : `tag ${tag}`,
    pool === undefined ? '' : `pool ${pool}`,
  ].filter((each) => each !== '')
}

/** `and 41 more in the last 60 s, longest 5.2 s` */
function othersOf({ count, longestMillis, overMillis }: Rest): string {
  return count === 0 ? '' : `and ${count} more in the last ${spanOf(overMillis)}, longest ${seconds(longestMillis)}`
}

function spanOf(millis: number): string {
  return millis < 10_000 ? seconds(millis) : `${Math.round(millis / 1000)} s`
}

function lineOf(event: SlowQueryEvent, rest: Rest): string {
  const { place, fingerprint, statement, plan, noPlan } = event
  const first = [
    `${headOf(event)} (${partsOf(event)})`,
    ...circumstancesOf(event),
    place === undefined ? '' : `at ${place}`,
    `fingerprint ${fingerprint}`,
    othersOf(rest),
    noPlan === undefined ? '' : `no plan: ${noPlan}`,
  ]
  const told = `${first.filter((part) => part !== '').join(', ')}: ${statement}`
  return plan === undefined ? told : `${told}; plan: ${plan.split('\n').join(' | ')}`
}

function rowsOf(event: SlowQueryEvent, rest: Rest): string {
  const rows: [string, string | undefined][] = [
    ['spent', partsOf(event)],
    ['statement', event.statement],
    ['by', event.place],
    ['with', circumstancesOf(event).join(', ')],
    ['others', othersOf(rest)],
    ['plan', event.plan ?? (event.noPlan === undefined ? '' : `none: ${event.noPlan}`)],
    ['like it', `fingerprint ${event.fingerprint}`],
  ]
  const shown = rows.filter(([, text]) => text !== undefined && text !== '')
  const head = plain(headOf(event)).replace(
    titleOf(event),
    colour(event.level === 'verySlow' ? 'red' : 'yellow', titleOf(event)),
  )
  return [head, ...shown.map(([label, text]) => `  ${colour('dim', label.padEnd(9))}  ${indented(text ?? '')}`)].join(
    '\n',
  )
}

/** Indents further lines below the first. */
function indented(text: string): string {
  return text
    .split('\n')
    .map(plain)
    .join(`\n${' '.repeat(13)}`)
}

/** Node looks at NO_COLOR, FORCE_COLOR, and whether the console's standard error is a terminal. */
function colour(style: 'red' | 'yellow' | 'dim', text: string): string {
  // An import of node:util takes 3 ms in an ES module, because it evaluates every lazy export.
  return process.getBuiltinModule('node:util').styleText(style, text, { stream: process.stderr })
}

function fieldsOf(event: SlowQueryEvent, { count, longestMillis, overMillis }: Rest): LogFields {
  const others = count === 0 ? {} : { longestUnloggedMillis: longestMillis, unloggedInMillis: overMillis }
  const fields = { ...event, unlogged: count, ...others }
  return {
    event: 'slowQuery',
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toMicros(value)])),
  }
}

/** Rounds to microseconds; the rest is noise. */
function toMicros(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
}
