import type { VariableSetStmt } from 'libpg-query'
import type { Effect } from '../analyze/effects.ts'
import type { Rule } from './rule.ts'

function onSet({ kind, name = '', is_local }: VariableSetStmt): Effect | undefined {
  if (is_local || (name !== 'role' && name !== 'session_authorization')) return undefined
  const verb = kind === 'VAR_RESET' ? 'RESET' : 'SET'
  const words = name === 'role' ? 'ROLE' : 'SESSION AUTHORIZATION'
  const does = kind === 'VAR_RESET' ? 'clears' : 'leaves'
  // PostgreSQL reports session_authorization to its clients, so that a pooler can track it as a setting; not the role.
  const where = name === 'role' ? ({ state: 'role' } as const) : ({ state: 'setting', setting: name } as const)
  return { does, what: `${verb} ${words}`, when: 'always', ...where }
}

/** A role that outlives its transaction runs strangers' statements with other rights. */
export const role: Rule<'session/role'> = {
  id: 'session/role',
  title: 'SET ROLE changes who the server session acts as',
  why: 'the role stays on the server connection after COMMIT: other clients then run with it, and your next statement without it',
  instead: 'SET LOCAL ROLE inside the transaction that needs it, or a pool of its own for each role',
  examples: {
    unsafe: ['SET ROLE postgres', 'SET ROLE NONE', 'RESET ROLE', 'SET SESSION AUTHORIZATION postgres', 'RESET SESSION AUTHORIZATION'],
    safe: ['BEGIN; SET LOCAL ROLE postgres; COMMIT', 'SELECT current_user, session_user', 'GRANT pg_monitor TO postgres'],
  },
  on: { VariableSetStmt: onSet },
}
