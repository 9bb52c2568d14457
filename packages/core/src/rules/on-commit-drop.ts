import type { CreateStmt, CreateTableAsStmt, OnCommitAction, RangeVar } from '@pgsql/types'
import type { Effect } from './effect.ts'
import type { Rule } from './rule.ts'

function drops(relation: RangeVar | undefined, onCommit: OnCommitAction | undefined): Effect | undefined {
  if (onCommit !== 'ONCOMMIT_DROP' || relation === undefined) return undefined
  return { does: 'ineffective', state: 'temp-object', what: 'CREATE TEMP TABLE … ON COMMIT DROP', when: 'autocommit' }
}

/** In autocommit the table is dropped at the end of the statement that creates it. */
export const onCommitDrop: Rule<'transaction/on-commit-drop'> = {
  id: 'transaction/on-commit-drop',
  title: 'ON COMMIT DROP outside a transaction drops the table at once',
  why: 'outside BEGIN … COMMIT the statement is its own transaction, and the table is gone when it ends. The next statement fails with 42P01',
  instead: 'create the table and use it between BEGIN and COMMIT',
  remedy: {
    sql: `BEGIN;
CREATE TEMP TABLE picked (id int) ON COMMIT DROP;
INSERT INTO picked SELECT id FROM orders;
SELECT count(*) FROM picked;
COMMIT;`,
    kysely: `await db.transaction().execute(async (trx) => {
  await trx.schema.createTable('picked').temporary().onCommit('drop').addColumn('id', 'integer').execute()
  await trx.insertInto('picked').expression(trx.selectFrom('orders').select('id')).execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`CREATE TEMP TABLE picked (id int) ON COMMIT DROP\`
  await tx.$executeRaw\`INSERT INTO picked SELECT id FROM orders\`
})`,
  },
  examples: {
    unsafe: ['CREATE TEMP TABLE t (id int) ON COMMIT DROP', 'CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 AS id'],
    safe: ['BEGIN; CREATE TEMP TABLE t (id int) ON COMMIT DROP; SELECT * FROM t; COMMIT'],
  },
  on: {
    CreateStmt: ({ relation, oncommit }: CreateStmt) => drops(relation, oncommit),
    CreateTableAsStmt: ({ into }: CreateTableAsStmt) => drops(into?.rel, into?.onCommit),
  },
}
