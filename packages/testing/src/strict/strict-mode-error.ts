import { PoolsafeError, type FindingEvent } from '@poolsafe/core'
import { formatCallSite } from '@poolsafe/core/internal'
import { groupBy } from '../group-by.ts'
import type { Allowance, Found } from './scope.ts'

/** Findings of a test that its own errors do not show. */
export class StrictModeError extends PoolsafeError {
  static override readonly name: string = 'StrictModeError'
  /** The findings; empty for an unused exception. */
  readonly findings: readonly FindingEvent[]

  constructor(message: string, findings: readonly FindingEvent[] = [], stack?: string) {
    super(message)
    this.findings = findings
    // Everything in it is in the message; Vitest would print it a second time.
    Object.defineProperty(this, 'findings', { enumerable: false })
    // The application's frames instead of ours: Vitest shows the line.
    if (stack !== undefined) this.stack = `${this.name}: ${message}\n${stack}`
  }
}

/**
 * @param who `this test`, `the function`
 * @param way what else the reader can do
 */
export function unsafeStatements(who: string, found: readonly Found[], way?: string): StrictModeError {
  const manuals = groupBy(found, describe).map(([text, same]) =>
    same.length === 1 ? text : `${text}\n  times      ${same.length}`,
  )
  const many = found.length === 1 ? 'a statement that is' : `${found.length} statements that are`
  // State that a function or a trigger left was no error of any statement.
  const despite = found.some(({ event }) => event.refused)
    ? '; what it did with the error makes no difference in strict mode'
    : ''
  const first = `${who} sent ${many} unsafe behind a transaction pooler${despite}`
  const parts = [first, ...manuals, ...(way === undefined ? [] : [way])]
  return new StrictModeError(
    parts.join('\n\n'),
    found.map(({ event }) => event),
    found[0]?.event.stack ?? '',
  )
}

export function unusedException(who: string, { rule, reason, stack }: Allowance): StrictModeError {
  const place = formatCallSite(stack)
  const lines = [
    `${who} allows ${rule}, and nothing was found that it would allow`,
    `  reason     ${reason}`,
    ...(place === undefined ? [] : [`  by         ${place}`]),
    '  instead    remove the exception: the next statement that is unsafe would pass unseen',
  ]
  return new StrictModeError(lines.join('\n'), [], stack)
}

function describe({ event, startedBy }: Found): string {
  if (startedBy === undefined) return event.message
  return `${event.message}\n  started    by '${startedBy}', which had ended: it left this running, or opened the connection that called back`
}
