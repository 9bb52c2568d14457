import type { SessionState } from '../rules/effect.ts'
import { cells, each } from './cells.ts'
import { pooler, type NoOptions, type Pooler } from './pooler.ts'

/** What its documentation lists as reasons to pin. */
const pins: readonly SessionState[] = [
  'setting',
  'role',
  'session-authorization',
  'sql-prepared-statement',
  'named-statement',
  'listen',
  'temp-object',
  'advisory-lock',
  'held-cursor',
  'sequence-value',
  'library',
]

/** Amazon RDS Proxy. It pins a client to its server connection from the first statement that needs one: right, but not pooled. */
export const rdsProxy: Pooler<NoOptions> = pooler<NoOptions>(
  () => {
    return {
      name: 'rds-proxy',
      label: 'Amazon RDS Proxy',
      ...cells(['leaks', 'assumed: the documentation does not name it'], {
        ...each(pins, ['pinned', 'docs: what pins a connection; not measured']),
        'startup-parameter': ['tracked', 'docs; not measured'],
      }),
      trackedSettings: new Set(),
      claims: { pooler: 'Amazon RDS Proxy', mode: 'transaction' },
      startup: { replication: 'rejected' },
      notes: ['It does not see settings that a function, a trigger or a DO block changes: those leak (docs)'],
    }
  },
  {
    forms: [{}],
    clues: [
      {
        by: 'service',
        matches: ({ host }) => /\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?$/.test(host),
        certainty: 'likely',
        because: 'the host is an Amazon RDS Proxy',
      },
    ],
  },
)
