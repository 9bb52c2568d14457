import type { Effect } from '../analyze/effects.ts'
import type { FunctionCall } from '../analyze/function-call.ts'
import type { Detected, Rule } from './rule.ts'

function takes(call: FunctionCall): Effect {
  return { does: 'leaves', state: 'advisory-lock', what: call.name, when: 'always', object: lockOf(call) }
}

function frees(call: FunctionCall): Effect {
  return { does: 'clears', state: 'advisory-lock', what: call.name, when: 'always', object: lockOf(call) }
}

/** The lock that a call means: the same key, in the same mode. */
function lockOf({ name, args }: FunctionCall): string {
  const key = JSON.stringify(args, (field, value: unknown) => (field === 'location' ? undefined : value))
  return `${name.endsWith('_shared') ? 'shared' : 'exclusive'} ${key}`
}

const functions: Readonly<Record<string, (call: FunctionCall) => Detected>> = {
  pg_advisory_lock: takes,
  pg_advisory_lock_shared: takes,
  pg_try_advisory_lock: takes,
  pg_try_advisory_lock_shared: takes,
  pg_advisory_unlock: frees,
  pg_advisory_unlock_shared: frees,
  pg_advisory_unlock_all: ({ name }) => ({ does: 'clears', state: 'advisory-lock', what: name, when: 'always' }),
}

/** Session-level advisory locks are held by the server session, through COMMIT and ROLLBACK alike. */
export const advisoryLock: Rule<'session/advisory-lock'> = {
  id: 'session/advisory-lock',
  title: 'a session advisory lock stays on the server session',
  why: 'the lock belongs to the server connection and survives COMMIT, ROLLBACK and your disconnect: the unlock lands on another connection and answers false, the lock stays for ever, and a stranger on that connection gets it too',
  instead:
    'pg_advisory_xact_lock (or pg_try_advisory_xact_lock) inside a transaction: it is released with the transaction; for locks that span transactions (migrations) a direct connection',
  examples: {
    unsafe: [
      'SELECT pg_advisory_lock(42)',
      'SELECT pg_advisory_lock(1, 2)',
      'SELECT pg_advisory_lock_shared(42)',
      'SELECT pg_try_advisory_lock(42)',
      'SELECT pg_try_advisory_lock_shared(42)',
      'SELECT pg_advisory_unlock(42)',
      'SELECT pg_advisory_unlock_shared(42)',
      'SELECT pg_advisory_unlock_all()',
      'SELECT pg_catalog.pg_advisory_lock(42)',
      'BEGIN; SELECT pg_advisory_lock(42); ROLLBACK',
      'SELECT CASE WHEN pg_try_advisory_lock(42) THEN 1 END',
    ],
    safe: [
      'SELECT pg_advisory_xact_lock(42)',
      'SELECT pg_try_advisory_xact_lock_shared(1, 2)',
      'SELECT pg_advisory_lock(42); SELECT pg_advisory_unlock(42)',
      "SELECT 'pg_advisory_lock(42)'",
      'SELECT pid FROM pg_locks /* pg_advisory_lock */',
    ],
  },
  functions,
}
