import type { Effect } from './effect.ts'
import type { Rule } from './rule.ts'

/** @param released how long ago, and by which call site: `12 ms ago by src/orders.ts:14:5` */
function onMisuse(released: string): Effect {
  const told = {
    outcome: 'leaks',
    consequence: 'runs inside the work, and the transaction, of the next holder of the connection',
  } as const
  return {
    does: 'leaves',
    state: 'transaction',
    what: `a statement on a client that was released ${released}`,
    when: 'always',
    told,
  }
}

/** @param released see {@link onMisuse} */
function onSecondRelease(released: string): Effect {
  const told = {
    outcome: 'leaks',
    consequence: 'takes the connection from its next holder, and gives it to a third caller at the same time',
  } as const
  return {
    does: 'leaves',
    state: 'transaction',
    what: `a second release() of a client that was released ${released}`,
    when: 'always',
    told,
  }
}

/**
 * A released client stays the same object, which the pool gives to the next caller: nothing stops the previous holder
 * from using it.
 */
export const usedAfterRelease: Rule<'connection/used-after-release'> = {
  id: 'connection/used-after-release',
  title: 'a statement on a client that was released',
  why: 'the pool gives a released client to the next caller. A late statement of the previous holder runs between the statements of that caller, commits or rolls back with them, and reads what only that caller may see',
  instead: 'await everything that uses the client before release(), and acquire another client for later work',
  remedy: {
    pg: `const client = await pool.connect()
try {
  await Promise.all([saveOrder(client), saveAudit(client)]) // every statement is awaited here
} finally {
  client.release()
}`,
    kysely: `await db.connection().execute(async (connection) => {
  await saveOrder(connection) // without await, it would go on after the connection was released
})`,
  },
  examples: { unsafe: [], safe: ['SELECT 1'] },
  call: { usedAfterRelease: onMisuse, releasedTwice: onSecondRelease },
}
