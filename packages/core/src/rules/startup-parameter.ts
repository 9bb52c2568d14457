import type { Effect } from './effect.ts'
import { statementTimeout, withSettings } from './helper.ts'
import type { Rule } from './rule.ts'

/**
 * The parameters that name the user and the database, only label the connection, or are the same in every login of the
 * driver.
 */
const others: ReadonlySet<string> = new Set(['user', 'database', 'application_name', 'client_encoding'])

/** @param name of the parameter, or of a setting followed by ` (in options)` */
function onParameter(name: string): Effect | undefined {
  const [setting = ''] = name.toLowerCase().split(' ')
  if (others.has(setting)) return undefined
  return {
    does: 'leaves',
    state: 'startup-parameter',
    what: `the startup parameter ${name}`,
    when: 'always',
    object: setting,
  }
}

/**
 * A login tells the server its settings. Behind a pooler the server connection was opened long before, by somebody
 * else's login.
 */
export const startupParameter: Rule<'connection/startup-parameter'> = {
  id: 'connection/startup-parameter',
  title: 'the pool logs in with a parameter that the pooler does not pass on',
  why: 'the driver sends the parameter at login (from its configuration, the URL or PGOPTIONS), but the pooler’s server connections have logged in before. The pooler refuses the login (08P01, unsupported startup parameter), or it drops the parameter, and the limit that you rely on does not exist',
  instead:
    'ALTER ROLE … SET or ALTER DATABASE … SET for a fixed value, SET LOCAL inside a transaction for any other. Use the option statementTimeoutMillis of guardPool instead of statement_timeout, `query_timeout` for a limit that the driver enforces, and a direct connection for `replication`',
  mentionsDirect: true,
  onDirect: {
    instead:
      'ALTER ROLE … SET or ALTER DATABASE … SET for a fixed value, SET LOCAL inside a transaction for any other. Use the option statementTimeoutMillis of guardPool instead of statement_timeout, and `query_timeout` for a limit that the driver enforces',
  },
  helpers: [
    Object.assign({}, statementTimeout, { only: ['statement_timeout'] }),
    withSettings("{ lock_timeout: '1s' }", { except: ['statement_timeout', 'replication', 'options'] }),
  ],
  remedy: {
    sql: `-- For all connections of a role; the pooler's open server connections take it when they are opened anew.
ALTER ROLE app SET statement_timeout = '5s';`,
    pg: `const pool = guardPool(new pg.Pool({ connectionString, query_timeout: 5000 }), guard) // kept by pg itself, not sent`,
  },
  examples: {
    unsafe: [],
    safe: ["ALTER ROLE CURRENT_USER SET statement_timeout = '5s'", "BEGIN; SET LOCAL lock_timeout = '1s'; COMMIT"],
  },
  call: { startupParameter: onParameter },
}
