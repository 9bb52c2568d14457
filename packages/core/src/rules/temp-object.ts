import type {
  CompositeTypeStmt,
  CreateDomainStmt,
  CreateForeignTableStmt,
  DefineStmt,
  TypeName,
  CreateEnumStmt,
  CreateFunctionStmt,
  CreateRangeStmt,
  CreateSeqStmt,
  CreateStmt,
  CreateTableAsStmt,
  DropStmt,
  FuncCall,
  IntoClause,
  Node,
  RangeVar,
  SelectStmt,
  ViewStmt,
} from 'libpg-query'
import type { Effect } from './effect.ts'
import { names } from '../sql/function-call.ts'
import type { Rule } from './rule.ts'

const inTempSchema = (schema: string | undefined): boolean => /^pg_temp(_\d+)?$/.test(schema ?? '')
const isTemp = (relation: RangeVar | undefined): boolean => relation?.relpersistence === 't' || inTempSchema(relation?.schemaname)

function leaves(what: string, name: string | undefined): Effect {
  return { does: 'leaves', state: 'temp-object', what, when: 'always', ...(name !== undefined && { object: name }) }
}

function needs(what: string): Effect {
  return { does: 'needs', state: 'temp-object', what, when: 'autocommit' }
}

/** ON COMMIT DROP leaves nothing; alone in autocommit it drops the table at once, which `transaction/on-commit-drop` says. */
function onCreate({ relation, oncommit }: CreateStmt): Effect | undefined {
  return isTemp(relation) && oncommit !== 'ONCOMMIT_DROP' ? leaves('CREATE TEMP TABLE', relation?.relname) : undefined
}

function onInto(into: IntoClause | undefined, what: string): Effect | undefined {
  return isTemp(into?.rel) && into?.onCommit !== 'ONCOMMIT_DROP' ? leaves(what, into?.rel?.relname) : undefined
}

function onRelation(relation: RangeVar | undefined, what: string): Effect | undefined {
  return isTemp(relation) ? leaves(what, relation?.relname) : undefined
}

/** An object whose kind has no relation: its name starts with the schema. */
function onName(path: readonly Node[] | undefined, what: string): Effect | undefined {
  const parts = names(path)
  return parts.length > 1 && inTempSchema(parts[0]) ? leaves(what, parts.at(-1)) : undefined
}

/** DROP of what the same transaction created takes it back; of something permanent it is none of our business. */
function onDrop({ objects }: DropStmt): Effect[] {
  return (objects ?? []).flatMap((object): Effect[] => {
    const path = droppedPath(object)
    const schema = path.at(-2)
    if (schema !== undefined && !inTempSchema(schema)) return []
    const undoes: Effect = { does: 'undoes', state: 'temp-object', what: 'DROP', when: 'always', object: path.at(-1) ?? '' }
    return schema === undefined ? [undoes] : [undoes, needs('DROP … pg_temp.…')]
  })
}

/** DROP gives its names in a shape for each kind of object. */
function droppedPath(object: Node): string[] {
  if ('List' in object) return names(object.List.items)
  if ('TypeName' in object) return names(object.TypeName.names)
  return 'ObjectWithArgs' in object ? names(object.ObjectWithArgs.objname) : []
}

/** Temporary tables, views, sequences, functions and types live in the schema `pg_temp` of one server session. */
export const tempObject: Rule<'session/temp-object'> = {
  id: 'session/temp-object',
  title: 'a temporary object belongs to one server session',
  why: 'it lives on the server connection that created it: your next transaction does not find it (42P01), a stranger can read it or collides with its name (42P07), and it hides a permanent table of that name',
  instead:
    'CREATE TEMP TABLE … ON COMMIT DROP inside the transaction that uses it; or a CTE, VALUES, unnest($1::int[]) or an unlogged table with a key per run',
  remedy: {
    sql: `BEGIN;
CREATE TEMP TABLE picked (id int) ON COMMIT DROP;
INSERT INTO picked SELECT id FROM orders;
SELECT count(*) FROM picked;
COMMIT;

-- Without any table:
SELECT * FROM orders WHERE id = ANY (ARRAY[1, 2, 3]);`,
    kysely: `await db.transaction().execute(async (trx) => {
  await trx.schema.createTable('picked').temporary().onCommit('drop').addColumn('id', 'integer').execute()
  await trx.insertInto('picked').expression(trx.selectFrom('orders').select('id')).execute()
  return trx.selectFrom('picked').selectAll().execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`CREATE TEMP TABLE picked (id int) ON COMMIT DROP\`
  await tx.$executeRaw\`INSERT INTO picked SELECT id FROM orders\`
  return tx.$queryRaw\`SELECT count(*) FROM picked\`
})`,
  },
  examples: {
    unsafe: [
      'CREATE TEMP TABLE t (id int)',
      'CREATE LOCAL TEMPORARY TABLE IF NOT EXISTS t (id int) ON COMMIT PRESERVE ROWS',
      'CREATE TEMP TABLE t (id int) ON COMMIT DELETE ROWS',
      'CREATE TEMP TABLE t AS SELECT 1 AS id',
      'SELECT 1 AS id INTO TEMP t',
      'WITH s AS (SELECT 1 AS id) SELECT id INTO TEMPORARY t FROM s',
      'CREATE TEMP VIEW v AS SELECT 1 AS id',
      'CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1 AS id',
      'CREATE TEMP SEQUENCE s',
      'CREATE TABLE pg_temp.t (id int)',
      'CREATE TABLE "pg_temp".t AS SELECT 1 AS id',
      "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE TYPE pg_temp.mood AS ENUM ('ok')",
      'SELECT * FROM pg_temp.t',
      'SELECT pg_temp.f()',
      'INSERT INTO pg_temp.t VALUES (1)',
      'DROP TABLE IF EXISTS pg_temp.t',
      'CALL pg_temp.p()',
      "SELECT 'ok'::pg_temp.mood",
    ],
    safe: [
      'BEGIN; CREATE TEMP TABLE t (id int) ON COMMIT DROP; INSERT INTO pg_temp.t VALUES (1); COMMIT',
      'BEGIN; CREATE TEMP TABLE t (id int); DROP TABLE t; COMMIT',
      'CREATE UNLOGGED TABLE t (id int)',
      'CREATE TABLE temp (id int)',
      'SELECT temp, temporary FROM readings',
      "SELECT 'CREATE TEMP TABLE t (id int)'",
    ],
  },
  names: ['pg_temp'],
  keywords: ['temp', 'temporary'],
  on: {
    CreateStmt: onCreate,
    CreateTableAsStmt: ({ into }: CreateTableAsStmt) => onInto(into, 'CREATE TEMP TABLE … AS'),
    SelectStmt: ({ intoClause }: SelectStmt) => onInto(intoClause, 'SELECT INTO TEMP'),
    ViewStmt: ({ view }: ViewStmt) => onRelation(view, 'CREATE TEMP VIEW'),
    CreateSeqStmt: ({ sequence }: CreateSeqStmt) => onRelation(sequence, 'CREATE TEMP SEQUENCE'),
    CompositeTypeStmt: ({ typevar }: CompositeTypeStmt) => onRelation(typevar, 'CREATE TYPE pg_temp.…'),
    CreateFunctionStmt: ({ funcname }: CreateFunctionStmt) => onName(funcname, 'CREATE FUNCTION pg_temp.…'),
    CreateEnumStmt: ({ typeName }: CreateEnumStmt) => onName(typeName, 'CREATE TYPE pg_temp.…'),
    CreateRangeStmt: ({ typeName }: CreateRangeStmt) => onName(typeName, 'CREATE TYPE pg_temp.…'),
    CreateDomainStmt: ({ domainname }: CreateDomainStmt) => onName(domainname, 'CREATE DOMAIN pg_temp.…'),
    DefineStmt: ({ defnames }: DefineStmt) => onName(defnames, 'CREATE … pg_temp.…'),
    CreateForeignTableStmt: ({ base }: CreateForeignTableStmt) => (base === undefined ? undefined : onCreate(base)),
    TypeName: ({ names: path }: TypeName) => (inTempSchema(names(path).at(-2)) ? needs('pg_temp.…') : undefined),
    DropStmt: onDrop,
    RangeVar: ({ schemaname }: RangeVar) => (inTempSchema(schemaname) ? needs('pg_temp.…') : undefined),
    FuncCall: ({ funcname }: FuncCall) => (inTempSchema(names(funcname).at(-2)) ? needs('pg_temp.…()') : undefined),
  },
}
