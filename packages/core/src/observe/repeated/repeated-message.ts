import type { LogEntry } from '../../log/log-writer.ts'
import type { RepeatedQueryEvent } from '../events.ts'
import { mostShapes } from './repeated-tally.ts'
import type { RequestScope } from './request-scope.ts'

/** Formats the report of one repetition. */
export function describeRepeated(event: Omit<RepeatedQueryEvent, 'message'>): string {
  const { summary, count, limit, totalMillis, statement, operation, place, request, instead } = event
  const by = [operation, place].filter((part) => part !== undefined).join(' at ')
  return layOut(`one request sent ${summary} ${count} times from one call site (repeated query, N+1)`, [
    ['statement', statement],
    ['by', by],
    ['request', request],
    ['took', `${totalMillis.toFixed(1)} ms in total; the limit is ${limit} times`],
    ['instead', instead],
  ])
}

export function entryOf({ message, ...fields }: RepeatedQueryEvent): LogEntry {
  return {
    level: 'warn',
    message: inOneLine(message),
    terminal: message,
    fields: { event: 'repeatedQuery', ...fields },
  }
}

/** Container log collectors treat each line as a separate message. */
function inOneLine(report: string): string {
  return report.replaceAll(/\n {2}(\w+) +/g, '; $1: ').replaceAll(/\p{Cc}/gu, ' ')
}

/** The log entry for a scope with more shapes than are counted. */
export function entryOfCrowded({ name: request, tag }: RequestScope): LogEntry {
  const message = layOut(
    `one request sent more than ${mostShapes} different statements; repetitions of further statements are not counted`,
    [
      ['request', request],
      ['instead', 'open a scope for each part of the work: withRequestScope(fn)'],
    ],
  )
  return { level: 'warn', message, fields: { event: 'crowdedRequestScope', request, tag, mostShapes } }
}

/** The log entry for a scope that stays open. */
export function entryOfEndless({ name: request, tag }: RequestScope, requestScopeMillis: number): LogEntry {
  const first = `a request scope has been open for more than ${requestScopeMillis} ms (requestScopeMillis); its further statements are not counted`
  const message = layOut(first, [
    ['request', request],
    ['why', 'the callback of withRequestScope() has not settled, or the response was neither finished nor closed'],
    ['instead', 'open a scope for each piece of work that ends, not around an endless job, stream or subscription'],
  ])
  return { level: 'warn', message, fields: { event: 'endlessRequestScope', request, tag, requestScopeMillis } }
}

function layOut(first: string, rows: readonly (readonly [string, string | undefined])[]): string {
  const shown = rows
    .filter(([, text]) => text !== undefined && text !== '')
    .map(([label, text]) => `  ${label.padEnd(9)}  ${text}`)
  return [first, ...shown].join('\n')
}
