import { uncertain, type Effect } from './effect.ts'
import type { FunctionCall } from '../sql/function-call.ts'
import { notifications } from './helper.ts'
import type { Detected, Rule } from './rule.ts'

type Detect = (call: FunctionCall) => Detected

function effect(does: Effect['does']): Detect {
  return ({ schema = '', name }) => ({
    does,
    state: 'package-state',
    what: `${schema}.${name}`,
    when: 'always',
    object: schema,
  })
}

const leaves = effect('leaves')
const needs = effect('needs')
const clears = effect('clears')
/** One of several. */
const clearsOne: Detect = (call) => uncertain(effect('clears')(call) as Effect)

function inSchema(schema: string, functions: Readonly<Record<string, Detect>>): Record<string, Detect> {
  return Object.fromEntries(Object.entries(functions).map(([name, detect]) => [`${schema}.${name}`, detect]))
}

const unpacks = ['text', 'date', 'timestamp', 'number', 'bytea', 'record'].map((type): [string, Detect] => [
  `unpack_message_${type}`,
  needs,
])

/**
 * The buffers, registrations, cursors and file handles that orafce keeps in the server process for Oracle's packages.
 */
export const packageState: Rule<'session/package-state'> = {
  id: 'session/package-state',
  title: 'an Oracle package of orafce keeps state in one server process',
  why: 'the state belongs to the server process behind one connection: the buffer of dbms_output, the message of dbms_pipe, the registrations of dbms_alert, the seed of dbms_random, open cursors and files. Your next transaction may not find it, and another client may',
  instead:
    'use and empty it inside one transaction. Use RAISE NOTICE instead of dbms_output; use NOTIFY, and LISTEN on a direct connection, instead of dbms_alert',
  mentionsDirect: true,
  onDirect: {
    instead:
      'use and empty it inside one transaction. Use RAISE NOTICE instead of dbms_output, and LISTEN and NOTIFY instead of dbms_alert',
  },
  helpers: notifications.map((use) => Object.assign({}, use, { only: ['dbms_alert'] })),
  remedy: {
    sql: `-- Instead of dbms_output: the server sends it to this client at once.
DO $$ BEGIN RAISE NOTICE 'done'; END $$;
-- Instead of dbms_alert: LISTEN over a direct connection.
NOTIFY paid, '1';`,
    pg: `const direct = new pg.Client({ connectionString: process.env.DIRECT_URL })
await direct.connect()
direct.on('notification', ({ channel, payload }) => handle(channel, payload))
await direct.query('LISTEN paid')`,
  },
  examples: {
    unsafe: [
      'SELECT dbms_output.enable()',
      "SELECT dbms_output.put_line('done')",
      'SELECT * FROM dbms_output.get_lines(10)',
      'CALL dbms_output.disable()',
      "SELECT dbms_alert.register('paid')",
      "SELECT dbms_alert.waitone('paid', 10)",
      "SELECT dbms_pipe.pack_message('paid')",
      'SELECT "dbms_random" . seed(7)',
    ],
    safe: [
      "SELECT dbms_alert.signal('paid', '1')",
      "SELECT dbms_pipe.create_pipe('paid')",
      "SELECT my.put_line('done')",
      "SELECT 'dbms_output.enable()'",
    ],
  },
  extensionFunctions: {
    ...inSchema('dbms_output', {
      enable: leaves,
      disable: clears,
      serveroutput: leaves,
      put: leaves,
      put_line: leaves,
      new_line: leaves,
      get_line: needs,
      get_lines: needs,
    }),
    ...inSchema('dbms_alert', {
      register: leaves,
      remove: clearsOne,
      removeall: clears,
      waitone: needs,
      waitany: needs,
    }),
    ...inSchema('dbms_pipe', {
      pack_message: leaves,
      receive_message: leaves,
      send_message: needs,
      next_item_type: needs,
      reset_buffer: clears,
      ...Object.fromEntries(unpacks),
    }),
    ...inSchema('dbms_random', { initialize: leaves, seed: leaves, terminate: clears }),
    ...inSchema('dbms_sql', {
      open_cursor: leaves,
      close_cursor: clearsOne,
      parse: needs,
      execute: needs,
      fetch_rows: needs,
    }),
    ...inSchema('utl_file', { fopen: leaves, fclose: clearsOne, fclose_all: clears }),
  },
}
