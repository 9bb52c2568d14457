import type { SessionState } from '../rules/effect.ts'
import { cells, each } from './cells.ts'
import { pooler, type NoOptions, type Pooler } from './pooler.ts'
import type { Carried } from './profile.ts'

/** The reasons to pin that its documentation lists. */
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

/** Startup parameters that drivers always send, which therefore work. */
const reportedAtLogin: readonly string[] = [
  'application_name',
  'client_encoding',
  'datestyle',
  'extra_float_digits',
  'timezone',
]

function eachStartup(names: readonly string[], carried: Carried): Readonly<Record<string, Carried>> {
  return Object.fromEntries(names.map((name) => [name, carried]))
}

/**
 * Amazon RDS Proxy. It pins a client to its server connection from the first statement that needs one: right, but not
 * pooled.
 */
export const rdsProxy: Pooler<NoOptions> = pooler<NoOptions>(
  () => {
    return {
      name: 'rds-proxy',
      label: 'Amazon RDS Proxy',
      ...cells(['leaks', 'assumed: the documentation does not name it'], {
        ...each(pins, ['pinned', 'docs: what pins a connection; not measured']),
        'startup-parameter': [
          'rejected',
          'docs: troubleshooting (0A000, doesn’t support the option …); seen with statement_timeout, jit and options (psycopg2#1577, pgstac#156)',
        ],
      }),
      trackedSettings: new Set(),
      claims: { pooler: 'Amazon RDS Proxy', mode: 'transaction' },
      startup: { ...eachStartup(reportedAtLogin, 'tracked'), replication: 'rejected' },
      notes: [
        'RDS Proxy refuses a login with options, statement_timeout and most other settings (0A000). Use ALTER ROLE … SET for them',
        'The parameters that PostgreSQL’s JDBC driver always sends are accepted: client_encoding, DateStyle, TimeZone, extra_float_digits, application_name',
        'RDS Proxy does not see settings that a function, a trigger or a DO block changes, so those leak (docs)',
      ],
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
