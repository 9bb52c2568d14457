import type { Rule } from './rule.ts'

/** `LOAD` adds a library to one server process, which keeps it even through DISCARD ALL. */
export const load: Rule<'session/load'> = {
  id: 'session/load',
  title: 'LOAD changes one server process',
  why: 'the library is loaded into the server process behind one connection and stays there. Your next statement may run in a process without it',
  instead:
    "ALTER DATABASE … SET session_preload_libraries = '…' (or ALTER ROLE … SET), so that every server connection has it",
  remedy: {
    sql: `ALTER DATABASE app SET session_preload_libraries = 'auto_explain';`,
  },
  examples: {
    unsafe: ["LOAD 'auto_explain'"],
    safe: [
      "SELECT 'LOAD x'",
      "ALTER ROLE CURRENT_USER SET session_preload_libraries = 'auto_explain'",
      'SELECT load FROM (SELECT 1 AS load) t',
    ],
  },
  firstWords: ['load'],
  on: { LoadStmt: () => ({ does: 'leaves', state: 'library', what: 'LOAD', when: 'always' }) },
}
