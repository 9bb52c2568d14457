import type { Node } from '@pgsql/types'
import type { Telltale } from './effect.ts'
import { functionCall, isBuiltIn } from '../sql/function-call.ts'
import { transactionLock } from './advisory-lock.ts'
import { advisoryLockHelper, leaseHelper, migrationsHelper, withSession } from './helper.ts'
import type { Rule } from './rule.ts'

const unlocks: ReadonlySet<string> = new Set(['pg_advisory_unlock', 'pg_advisory_unlock_shared'])
const told = { outcome: 'lost', consequence: 'returned false: this server session did not hold the lock' } as const

function tells(statement: Node): Telltale[] {
  const { targetList = [] } = 'SelectStmt' in statement ? statement.SelectStmt : {}
  return targetList.flatMap((target, position) => tellsOfColumn(target, position) ?? [])
}

function tellsOfColumn(target: Node, position: number): Telltale | undefined {
  const { val: value, name: alias } = 'ResTarget' in target ? target.ResTarget : {}
  const call = value !== undefined && 'FuncCall' in value ? functionCall(value.FuncCall) : undefined
  if (call === undefined || !isBuiltIn(call) || !unlocks.has(call.name)) return undefined
  const effect = { does: 'needs', state: 'advisory-lock', what: call.name, when: 'always', told } as const
  return { falseIn: { name: alias ?? call.name, position }, effect }
}

/**
 * An unlock that finds no lock is a warning of the server, which no driver passes on, and an answer that few look at.
 */
export const unlockNotHeld: Rule<'session/unlock-not-held'> = {
  id: 'session/unlock-not-held',
  title: 'the session did not hold the advisory lock that it released',
  why: 'the lock was never acquired, or it was acquired on another server connection and is still held there. No other session gets it until that connection closes',
  instead:
    'pg_advisory_xact_lock inside a transaction, which releases it at its end; or lock and unlock on one direct connection. pg_locks shows the lock that is left',
  mentionsDirect: true,
  onDirect: {
    instead:
      'pg_advisory_xact_lock inside a transaction, which releases it at its end; or lock and unlock on one client of pool.connect(). pg_locks shows the lock that is left',
  },
  helpers: [
    advisoryLockHelper,
    leaseHelper,
    migrationsHelper,
    withSession(['SELECT pg_advisory_lock(42)', 'SELECT pg_advisory_unlock(42)']),
  ],
  remedy: transactionLock,
  examples: {
    unsafe: [],
    safe: [
      'SELECT pg_advisory_lock(42); SELECT pg_advisory_unlock(42)',
      'BEGIN; SELECT pg_try_advisory_xact_lock(42); UPDATE t SET id = id; COMMIT',
    ],
  },
  answer: {
    when: 'a call of pg_advisory_unlock or pg_advisory_unlock_shared that the server answers with false',
    tells,
  },
}
