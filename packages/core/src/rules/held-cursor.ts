import type { ClosePortalStmt, DeclareCursorStmt, FetchStmt } from '@pgsql/types'
import type { Effect } from './effect.ts'
import { withSession } from './helper.ts'
import type { Rule } from './rule.ts'

/** CURSOR_OPT_HOLD of PostgreSQL 14 and later (src/include/nodes/parsenodes.h). */
const withHold = 0x20

/** Without a transaction of its own, a cursor command can only mean a cursor that was held over an earlier COMMIT. */
function needs(what: string): Effect {
  return { does: 'needs', state: 'held-cursor', what, when: 'autocommit' }
}

function onDeclare({ portalname = '', options = 0 }: DeclareCursorStmt): Effect | undefined {
  if ((options & withHold) === 0) return undefined
  return { does: 'leaves', state: 'held-cursor', what: 'DECLARE … WITH HOLD', when: 'always', object: portalname }
}

/** CLOSE ALL has no name. */
function onClose({ portalname }: ClosePortalStmt): Effect[] {
  const undoes: Effect = {
    does: 'undoes',
    state: 'held-cursor',
    what: 'CLOSE',
    when: 'always',
    ...(portalname && { object: portalname }),
  }
  return [needs('CLOSE'), undoes]
}

/** `WITH HOLD` keeps the cursor's result on the server session after COMMIT. */
export const heldCursor: Rule<'session/held-cursor'> = {
  id: 'session/held-cursor',
  title: 'a cursor WITH HOLD stays on the server session',
  why: 'the cursor and its rows stay on the server connection after COMMIT. Your FETCH runs on another connection and fails with 34000, and another client can fetch your rows',
  instead:
    'DECLARE, FETCH and CLOSE inside one transaction without WITH HOLD, or page by key (WHERE id > $1 ORDER BY id LIMIT $2)',
  helpers: [withSession(['DECLARE page CURSOR WITH HOLD FOR SELECT * FROM orders ORDER BY id', 'FETCH 100 FROM page'])],
  remedy: {
    sql: `BEGIN;
DECLARE page CURSOR FOR SELECT * FROM orders ORDER BY id;
FETCH 100 FROM page;
CLOSE page;
COMMIT;

-- Without any cursor, from page to page:
SELECT * FROM orders WHERE id > 100 ORDER BY id LIMIT 100;`,
    kysely: `// Holds one server connection until the last row, and leaves nothing behind.
for await (const order of db.selectFrom('orders').selectAll().stream(100)) console.log(order)`,
    prisma: `await prisma.order.findMany({ take: 100, skip: 1, cursor: { id: lastId }, orderBy: { id: 'asc' } })`,
  },
  examples: {
    unsafe: ['DECLARE page CURSOR WITH HOLD FOR SELECT 1', 'FETCH 10 FROM page', 'MOVE 10 IN page', 'CLOSE page'],
    safe: [
      'BEGIN; DECLARE page CURSOR FOR SELECT 1; FETCH 10 FROM page; CLOSE page; COMMIT',
      'BEGIN; DECLARE page CURSOR WITH HOLD FOR SELECT 1; CLOSE page; COMMIT',
      'SELECT 1 FETCH FIRST ROW ONLY',
    ],
  },
  unrepairable: 'a cursor WITH HOLD is there to be read after the COMMIT',
  firstWords: ['declare', 'fetch', 'move', 'close'],
  on: {
    DeclareCursorStmt: onDeclare,
    FetchStmt: ({ ismove }: FetchStmt) => needs(ismove ? 'MOVE' : 'FETCH'),
    ClosePortalStmt: onClose,
  },
}
