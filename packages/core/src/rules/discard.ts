import type { DiscardStmt } from '@pgsql/types'
import type { SessionState } from './effect.ts'
import type { Rule } from './rule.ts'

/** DISCARD PLANS only drops cached plans, which PostgreSQL makes anew: it is not here. */
const clears: Readonly<Record<string, { readonly what: string; readonly state: SessionState }>> = {
  DISCARD_ALL: { what: 'DISCARD ALL', state: 'setting' },
  DISCARD_SEQUENCES: { what: 'DISCARD SEQUENCES', state: 'sequence-value' },
  DISCARD_TEMP: { what: 'DISCARD TEMP', state: 'temp-object' },
}

/** `DISCARD` cleans whichever server session it happens to reach. */
export const discard: Rule<'session/discard'> = {
  id: 'session/discard',
  title: 'DISCARD cleans whichever server session it reaches',
  why: 'the statement may run on any server connection. What you left on another one stays, and statements that the driver or the pooler prepared on this one are gone (26000, 08P01)',
  instead:
    'leave no session state behind (SET LOCAL, ON COMMIT DROP, pg_advisory_xact_lock); cleaning up is the pooler’s task',
  onDirect: { instead: 'leave no session state behind (SET LOCAL, ON COMMIT DROP, pg_advisory_xact_lock)' },
  remedy: {
    sql: `BEGIN;
SET LOCAL work_mem = '64MB'; -- ends with the transaction: there is nothing to discard
SELECT * FROM orders ORDER BY total;
COMMIT;`,
  },
  examples: {
    unsafe: ['DISCARD ALL', 'DISCARD TEMP', 'DISCARD SEQUENCES'],
    safe: ['DISCARD PLANS', "SELECT 'DISCARD ALL'"],
  },
  firstWords: ['discard'],
  on: {
    DiscardStmt: ({ target }: DiscardStmt) => {
      const cleared = clears[target ?? '']
      return cleared === undefined ? undefined : { does: 'clears', when: 'always', ...cleared }
    },
  },
}
