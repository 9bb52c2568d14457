import type { FunctionCall } from '../sql/function-call.ts'
import type { Detected, Rule } from './rule.ts'

function closes({ name }: FunctionCall): Detected {
  return { does: 'clears', state: 'foreign-connection', what: name, when: 'always' }
}

function lists({ name }: FunctionCall): Detected {
  return { does: 'needs', state: 'foreign-connection', what: name, when: 'always' }
}

/** postgres_fdw keeps its connections in the server process; a query over them opens what is missing. */
export const foreignConnection: Rule<'session/foreign-connection'> = {
  id: 'session/foreign-connection',
  title: 'postgres_fdw_disconnect closes the connections of one server process',
  why: 'the connections of postgres_fdw belong to the server process behind one connection. The statement closes those of the process that it reaches, and the ones that you opened in another process stay open',
  instead:
    "ALTER SERVER … OPTIONS (ADD keep_connections 'off'), which closes each connection with its transaction; or close them over a direct connection",
  mentionsDirect: true,
  onDirect: {
    instead: "ALTER SERVER … OPTIONS (ADD keep_connections 'off'), which closes each connection with its transaction",
  },
  remedy: {
    sql: `ALTER SERVER other OPTIONS (ADD keep_connections 'off');`,
    pg: `const direct = new pg.Client({ connectionString: process.env.DIRECT_URL })
await direct.connect()
await direct.query('SELECT postgres_fdw_disconnect_all()')`,
  },
  examples: {
    unsafe: [
      "SELECT postgres_fdw_disconnect('other')",
      'SELECT postgres_fdw_disconnect_all()',
      'SELECT * FROM public.postgres_fdw_get_connections()',
    ],
    safe: [
      "ALTER SERVER other OPTIONS (ADD keep_connections 'off')",
      "SELECT 'postgres_fdw_disconnect_all()'",
      'SELECT * FROM other.orders',
    ],
  },
  extensionFunctions: {
    postgres_fdw_disconnect: closes,
    postgres_fdw_disconnect_all: closes,
    postgres_fdw_get_connections: lists,
  },
}
