import type { Node, VariableSetStmt } from '@pgsql/types'
import type { Effect } from './effect.ts'
import type { Rule } from './rule.ts'

function onSet({ kind, name, args }: VariableSetStmt): readonly Effect[] {
  if (kind !== 'VAR_SET_MULTI' || name !== 'SESSION CHARACTERISTICS') return []
  return (args ?? []).map(effectOf)
}

/**
 * Each characteristic is the setting `default_<name>`: `transaction_read_only` sets `default_transaction_read_only`.
 */
function effectOf(option: Node): Effect {
  const setting = 'DefElem' in option ? `default_${option.DefElem.defname}` : ''
  return { does: 'leaves', state: 'setting', what: 'SET SESSION CHARACTERISTICS', when: 'always', object: setting }
}

/** The defaults of all later transactions of the server session, also those of other clients. */
export const sessionCharacteristics: Rule<'session/characteristics'> = {
  id: 'session/characteristics',
  title: 'SET SESSION CHARACTERISTICS changes the transactions of other clients',
  why: 'the characteristics apply to every later transaction on that server connection. Other clients may find themselves read-only, or at another isolation level',
  instead:
    'BEGIN ISOLATION LEVEL … READ ONLY for the transaction that needs it, or SET TRANSACTION as its first statement. For all transactions of a role, use ALTER ROLE … SET default_transaction_isolation',
  remedy: {
    sql: `BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT * FROM orders;
COMMIT;

-- For all transactions of a role; the pooler's open server connections take it when they are opened anew.
ALTER ROLE app SET default_transaction_isolation = 'serializable';`,
    kysely: `await db
  .transaction()
  .setIsolationLevel('serializable')
  .setAccessMode('read only')
  .execute((trx) => trx.selectFrom('orders').selectAll().execute())`,
    prisma: `await prisma.$transaction((tx) => tx.order.findMany(), { isolationLevel: 'Serializable' })`,
  },
  examples: {
    unsafe: [
      'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
      'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    ],
    safe: ['BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY; COMMIT', 'BEGIN; SET TRANSACTION READ ONLY; COMMIT'],
  },
  unrepairable: 'its purpose is the transactions after this one',
  firstWords: ['set'],
  on: { VariableSetStmt: onSet },
}
