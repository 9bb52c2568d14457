import { AsyncLocalStorage } from 'node:async_hooks'
import { InvalidOptionError } from '@poolsafe/core'
import { redact, type Analysis } from '@poolsafe/core/adapter'
import { formatCallSite, origins, statementListener, takeStack, shared } from '@poolsafe/core/internal'
import { groupBy } from '../group-by.ts'
import { checkFunction, type Verdict } from './verdict.ts'

interface Sent {
  readonly statement: string
  readonly by: string
}

/** The running matchers. Process-wide because two copies of this package share one listener for statements. */
const counting = shared('testing.counting', () => ({ storage: new AsyncLocalStorage<Sent[]>(), running: 0 }))

/** See {@link PoolsafeMatchers.toQueryAtMost}. */
export async function toQueryAtMost(given: () => unknown, most: number): Promise<Verdict> {
  const act = checkFunction('toQueryAtMost()', given)
  if (!Number.isInteger(most) || most < 0)
    throw new InvalidOptionError('toQueryAtMost(): most', most, 'a number of statements, 0 or more')
  const sent: Sent[] = []
  listen()
  try {
    await counting.storage.run(sent, act)
  } finally {
    hush()
  }
  return { pass: sent.length <= most, message: () => describe(sent, most) }
}

function listen(): void {
  counting.running++
  statementListener.current = note
}

function hush(): void {
  counting.running--
  if (counting.running === 0) statementListener.current = undefined
}

function note(sql: string, analysis: Analysis): void {
  const sent = counting.storage.getStore()
  if (sent === undefined || isControl(analysis)) return
  const origin = origins.getStore()
  const by = [origin?.operation, formatCallSite(origin?.stack) ?? formatCallSite(takeStack(note))]
    .filter((part) => part !== undefined)
    .join(' at ')
  sent.push({ statement: redact(sql), by })
}

function isControl({ steps, isBatch }: Analysis): boolean {
  const [step] = steps
  return !isBatch && steps.length === 1 && step?.control !== undefined
}

function describe(sent: readonly Sent[], most: number): string {
  const lines = groupBy(sent, ({ statement, by }) => `${statement}${by === '' ? '' : `\n      by ${by}`}`).map(
    ([text, same]) => `  ${same.length}×  ${text}`,
  )
  const isTooMany = sent.length > most
  const first = `expected ${isTooMany ? 'at most' : 'more than'} ${most} statement${most === 1 ? '' : 's'}, ${sent.length} were sent`
  const instead =
    "  instead: fetch in one statement what is fetched one by one (a join, `= ANY($1)`, the ORM's own loading of relations)"
  return [first, ...lines, ...(isTooMany ? [instead] : [])].join('\n')
}
