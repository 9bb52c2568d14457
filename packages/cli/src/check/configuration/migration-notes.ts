import type { CheckFinding, Place } from '../finding.ts'
import type { Judge } from '../sql/judge.ts'
import { judgeSent } from './check-configuration.ts'
import type { Sent } from './detector.ts'

/** Judges what a tool for migrations sends, and returns notes at one place in a file of settings. */
export function migrationNotes(
  sends: Sent,
  judges: readonly Judge[],
  told: Place & Pick<CheckFinding, 'message' | 'instead'>,
): CheckFinding[] {
  return judges.flatMap((judge) =>
    judgeSent(sends, judge).map((finding) =>
      Object.assign({}, finding, told, {
        helpers: [],
        level: 'note' as const,
        origin: 'migration' as const,
        statement: '',
        sql: '',
        poolers: [judge.pooler.label],
      }),
    ),
  )
}
