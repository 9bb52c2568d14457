import type { VariableSetStmt } from 'libpg-query'
import type { Effect } from '../analyze/effects.ts'
import { isBooleanConstant, type FunctionCall } from '../analyze/function-call.ts'
import type { Rule } from './rule.ts'

function ineffective(what: string): Effect {
  return { does: 'ineffective', state: 'transaction', what, when: 'autocommit' }
}

function onSet({ name = '', is_local, kind }: VariableSetStmt): Effect | undefined {
  // SET TRANSACTION outside a transaction is answered with a warning by PostgreSQL itself, and leaves nothing.
  return is_local && kind !== 'VAR_SET_MULTI' ? ineffective(`SET LOCAL ${name}`) : undefined
}

function onSetConfig(call: FunctionCall): Effect | undefined {
  return isBooleanConstant(call.argument(2, 'is_local'), true) ? ineffective('set_config(…, true)') : undefined
}

/** A local setting lasts until the end of the transaction; in autocommit that is the end of its own statement. */
export const setLocal: Rule<'transaction/set-local'> = {
  id: 'transaction/set-local',
  title: 'SET LOCAL outside a transaction does nothing',
  why: 'the value lasts until the end of the transaction, and outside BEGIN … COMMIT that is the end of this very statement: the next statement runs without it',
  instead:
    'send it as the first statement of the transaction that needs it: BEGIN; SET LOCAL …; …; COMMIT. In Prisma an interactive $transaction (an array of one statement has no transaction), in Kysely db.transaction()',
  examples: {
    unsafe: ["SET LOCAL search_path = 'tenant_a'", 'SET LOCAL ROLE postgres', "SELECT set_config('app.org_id', '7', true)"],
    safe: [
      "BEGIN; SET LOCAL search_path = 'tenant_a'; COMMIT",
      "SET LOCAL work_mem = '64MB'; SELECT 1",
      "BEGIN; SELECT set_config('app.org_id', '7', true); COMMIT",
    ],
  },
  on: { VariableSetStmt: onSet },
  functions: { set_config: onSetConfig },
}
