import type { DeallocateStmt, ExecuteStmt, PrepareStmt } from '@pgsql/types'
import type { Effect } from './effect.ts'
import { withSession } from './helper.ts'
import type { Rule } from './rule.ts'

/** A name as SQL. */
function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function effect(does: Effect['does'], what: string, name: string | undefined): Effect {
  return { does, state: 'sql-prepared-statement', what, when: 'always', ...(name !== undefined && { object: name }) }
}

/** SQL-level prepared statements belong to the server session, and are not transactional: they survive ROLLBACK. */
export const preparedStatement: Rule<'session/prepared-statement'> = {
  id: 'session/prepared-statement',
  title: 'PREPARE, EXECUTE and DEALLOCATE need one server session',
  why: 'a prepared statement lives on the server connection that prepared it, even after ROLLBACK. On another connection EXECUTE fails with 26000, and another client that prepares the same name gets 42P05',
  instead:
    'send the statement with parameters and let the driver prepare it without a name; PostgreSQL then plans it on each call',
  helpers: [withSession(['PREPARE get_user (int) AS SELECT * FROM users WHERE id = $1', 'EXECUTE get_user(1)'])],
  remedy: {
    pg: `// The driver prepares the statement itself, without a name, and sends the parameters beside it.
await pool.query('SELECT * FROM users WHERE id = $1', [userId])`,
    kysely: `await db.selectFrom('users').selectAll().where('id', '=', userId).execute()`,
    prisma: `await prisma.$queryRaw\`SELECT * FROM users WHERE id = \${userId}\``,
  },
  examples: {
    unsafe: [
      'PREPARE get_user (int) AS SELECT $1',
      'EXECUTE get_user(1)',
      'DEALLOCATE get_user',
      'DEALLOCATE ALL',
      'EXPLAIN EXECUTE get_user(1)',
      'CREATE TABLE copied AS EXECUTE get_user(1)',
    ],
    safe: [
      "SELECT 'EXECUTE get_user(1)'",
      "PREPARE TRANSACTION 'payment-1'",
      'BEGIN; PREPARE one AS SELECT 1; EXECUTE one; DEALLOCATE one; COMMIT',
      'GRANT EXECUTE ON FUNCTION pg_sleep(float8) TO PUBLIC',
    ],
  },
  clearing: {
    examples: [
      { sql: 'PREPARE get_user (int) AS SELECT $1', cleared: 'DEALLOCATE "get_user"' },
      { sql: 'PREPARE "Get User" AS SELECT 1', cleared: 'DEALLOCATE "Get User"' },
    ],
    how: 'DEALLOCATE',
    by: ({ object, isUncertain }) =>
      object === undefined || isUncertain ? undefined : `DEALLOCATE ${quoteName(object)}`,
  },
  unrepairable: 'only a PREPARE that surely runs, under a name that the text shows, has a DEALLOCATE',
  firstWords: ['prepare', 'execute', 'deallocate'],
  on: {
    PrepareStmt: ({ name }: PrepareStmt) => effect('leaves', 'PREPARE', name),
    ExecuteStmt: ({ name }: ExecuteStmt) => effect('needs', 'EXECUTE', name),
    DeallocateStmt: ({ name, isall }: DeallocateStmt) =>
      effect('clears', isall ? 'DEALLOCATE ALL' : 'DEALLOCATE', name),
  },
}
