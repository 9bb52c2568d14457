import { createGuard, poolers, type Guard, type GuardOptions } from '@poolsafe/core'

/** A guard that repairs for PgBouncer 1.18, and what it did. */
export interface RepairingGuard {
  readonly guard: Guard
  /** The repaired statements, as they were sent. */
  readonly sent: string[]
  /** For each finding, why its statement was not repaired. */
  readonly found: (string | undefined)[]
}

export function repairingGuard(options: GuardOptions = {}): RepairingGuard {
  const pooler = poolers.pgbouncer({ version: '1.18' })
  const guard = createGuard({ pooler, mode: 'repair', logger: { warn() {} }, ...options })
  const sent: string[] = []
  const found: (string | undefined)[] = []
  guard.on('repaired', (event) => void sent.push(event.sent))
  guard.on('finding', ({ findings }) => void found.push(...findings.map(({ unrepaired }) => unrepaired)))
  return { guard, sent, found }
}
