import type {
  CompositeTypeStmt,
  CreateDomainStmt,
  CreateConversionStmt,
  CreateForeignTableStmt,
  CreateOpClassStmt,
  CreateOpFamilyStmt,
  CreateStatsStmt,
  DefineStmt,
  TypeName,
  CreateEnumStmt,
  CreateFunctionStmt,
  CreateRangeStmt,
  CreateSeqStmt,
  CreateStmt,
  CreateTableAsStmt,
  FuncCall,
  IntoClause,
  Node,
  ObjectType,
  RangeVar,
  SelectStmt,
  VariableSetStmt,
  ViewStmt,
} from '@pgsql/types'
import type { Effect } from './effect.ts'
import { names, settingName, stringConstant, type FunctionCall } from '../sql/function-call.ts'
import { withSession } from './helper.ts'
import { dropSelected, dropTable, dropTableAs } from './repairs/drop-at-commit.ts'
import type { Rule } from './rule.ts'
import { inTempSchema, needs, objectOf, onDrop, onRename, signatureOf } from './temp-names.ts'

const isTemp = (relation: RangeVar | undefined): boolean =>
  relation?.relpersistence === 't' || inTempSchema(relation?.schemaname)

function leaves(what: string, type: ObjectType, name: string | undefined): Effect {
  return {
    does: 'leaves',
    state: 'temp-object',
    what,
    when: 'always',
    ...(name !== undefined && { object: objectOf(type, name) }),
  }
}

/**
 * ON COMMIT DROP leaves nothing; alone in autocommit it drops the table at once, which `transaction/on-commit-drop`
 * says.
 */
function onCreate({ relation, oncommit }: CreateStmt, type: ObjectType = 'OBJECT_TABLE'): Effect | undefined {
  return isTemp(relation) && oncommit !== 'ONCOMMIT_DROP'
    ? leaves('CREATE TEMP TABLE', type, relation?.relname)
    : undefined
}

function onInto(into: IntoClause | undefined, what: string): Effect | undefined {
  return isTemp(into?.rel) && into?.onCommit !== 'ONCOMMIT_DROP'
    ? leaves(what, 'OBJECT_TABLE', into?.rel?.relname)
    : undefined
}

function onRelation(relation: RangeVar | undefined, type: ObjectType, what: string): Effect | undefined {
  return isTemp(relation) ? leaves(what, type, relation?.relname) : undefined
}

/** An object whose kind has no relation: its name starts with the schema. */
function onName(path: readonly Node[] | undefined, type: ObjectType, what: string, signature = ''): Effect | undefined {
  const parts = names(path)
  return inTempSchema(parts.at(-2)) ? leaves(what, type, `${parts.at(-1)}${signature}`) : undefined
}

function onFunction({ funcname, parameters = [], is_procedure: isProcedure }: CreateFunctionStmt): Effect | undefined {
  return onName(
    funcname,
    isProcedure ? 'OBJECT_PROCEDURE' : 'OBJECT_FUNCTION',
    'CREATE FUNCTION pg_temp.…',
    signatureOf(parameters),
  )
}

/**
 * With the temporary schema first in the search path, each new object is temporary. With it in another place, a name
 * without a schema may mean a permanent object.
 */
function onPath(path: readonly string[]): Effect | undefined {
  if (path.find((schema) => schema !== '$user') === 'pg_temp') return temporaryFromHere
  const at = path.indexOf('pg_temp')
  if (at < 0) return undefined
  return path.slice(0, at).some((schema) => everywhere.has(schema)) ? hidden : perhapsTemporaryFromHere
}

/** Schemas that a database has. */
const everywhere: ReadonlySet<string> = new Set(['information_schema', 'pg_catalog', 'public'])

/** DISCARD TEMP removes the objects. The search path stays, and makes further ones temporary. */
const temporaryFromHere: Effect = {
  does: 'leaves',
  state: 'temp-object',
  what: 'CREATE with search_path = pg_temp',
  when: 'transaction',
  isMasked: true,
}

const hidden: Effect = { does: 'undoes', state: 'temp-object', what: 'search_path', when: 'transaction', hides: true }

const perhapsTemporaryFromHere: Effect = { ...hidden, mayMakeTemporary: true }

function onSet({ name = '', args = [] }: VariableSetStmt): Effect | undefined {
  if (settingName(name) !== 'search_path') return undefined
  return onPath(args.map((arg) => stringConstant(arg) ?? ''))
}

function onSetConfig(call: FunctionCall): Effect | undefined {
  if (settingName(stringConstant(call.argument(0, 'setting_name')) ?? '') !== 'search_path') return undefined
  return onPath((stringConstant(call.argument(1, 'new_value')) ?? '').split(',').map(identifier))
}

/** PostgreSQL folds the case of a name without quotes. */
function identifier(written: string): string {
  const name = written.trim()
  return name.startsWith('"') ? name.replaceAll('"', '') : name.toLowerCase()
}

/** Temporary tables, views, sequences, functions and types live in the schema `pg_temp` of one server session. */
export const tempObject: Rule<'session/temp-object'> = {
  id: 'session/temp-object',
  title: 'a temporary object belongs to one server session',
  why: 'the object lives on the server connection that created it. Your next transaction does not find it (42P01), another client can read it or collides with its name (42P07), and it hides a permanent table of that name',
  instead:
    'CREATE TEMP TABLE … ON COMMIT DROP inside the transaction that uses it; or a CTE, VALUES, unnest($1::int[]), or an unlogged table with a key for each run',
  helpers: [
    withSession([
      'CREATE TEMP TABLE picked (id int)',
      'INSERT INTO picked SELECT id FROM orders',
      'SELECT * FROM picked',
    ]),
  ],
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
      'CREATE OPERATOR FAMILY pg_temp.ages USING btree',
      "CREATE CONVERSION pg_temp.latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
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
  repair: {
    examples: [
      { sql: 'CREATE TEMP TABLE t (id int)', sent: 'CREATE TEMP TABLE t (id int) ON COMMIT DROP' },
      {
        sql: 'CREATE TEMP TABLE t (id int) ON COMMIT DELETE ROWS',
        sent: 'CREATE TEMP TABLE t (id int) ON COMMIT DROP ',
      },
      { sql: 'CREATE TEMP TABLE t AS SELECT 1 AS id', sent: 'CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 AS id' },
      { sql: 'SELECT 1 AS id INTO TEMP t', sent: 'CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 AS id   ' },
      { sql: 'CREATE TABLE pg_temp.t (id int)', sent: 'CREATE TABLE pg_temp.t (id int) ON COMMIT DROP' },
    ],
    on: {
      CreateStmt: (node, text) => (onCreate(node) === undefined ? undefined : dropTable(node, text)),
      CreateTableAsStmt: (node, text) => (onInto(node.into, '') === undefined ? undefined : dropTableAs(node, text)),
      SelectStmt: (node, text) => dropSelected(node, text, isTemp),
    },
  },
  clearing: {
    examples: [
      { sql: 'CREATE TEMP VIEW v AS SELECT 1 AS id', cleared: 'DISCARD TEMP' },
      { sql: 'CREATE TEMP SEQUENCE s', cleared: 'DISCARD TEMP' },
      { sql: "CREATE TYPE pg_temp.mood AS ENUM ('ok')", cleared: 'DISCARD TEMP' },
      { sql: "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", cleared: 'DISCARD TEMP' },
    ],
    how: 'DISCARD TEMP',
    by: () => 'DISCARD TEMP',
  },
  names: ['pg_temp'],
  keywords: ['temp', 'temporary'],
  on: {
    CreateStmt: (node) => onCreate(node),
    CreateTableAsStmt: ({ into }: CreateTableAsStmt) => onInto(into, 'CREATE TEMP TABLE … AS'),
    SelectStmt: ({ intoClause }: SelectStmt) => onInto(intoClause, 'SELECT INTO TEMP'),
    ViewStmt: ({ view }: ViewStmt) => onRelation(view, 'OBJECT_VIEW', 'CREATE TEMP VIEW'),
    CreateSeqStmt: ({ sequence }: CreateSeqStmt) => onRelation(sequence, 'OBJECT_SEQUENCE', 'CREATE TEMP SEQUENCE'),
    CompositeTypeStmt: ({ typevar }: CompositeTypeStmt) => onRelation(typevar, 'OBJECT_TYPE', 'CREATE TYPE pg_temp.…'),
    CreateFunctionStmt: onFunction,
    CreateEnumStmt: ({ typeName }: CreateEnumStmt) => onName(typeName, 'OBJECT_TYPE', 'CREATE TYPE pg_temp.…'),
    CreateRangeStmt: ({ typeName }: CreateRangeStmt) => onName(typeName, 'OBJECT_TYPE', 'CREATE TYPE pg_temp.…'),
    CreateDomainStmt: ({ domainname }: CreateDomainStmt) =>
      onName(domainname, 'OBJECT_DOMAIN', 'CREATE DOMAIN pg_temp.…'),
    DefineStmt: ({ kind = 'OBJECT_TYPE', defnames }: DefineStmt) => onName(defnames, kind, 'CREATE … pg_temp.…'),
    CreateConversionStmt: ({ conversion_name: path }: CreateConversionStmt) =>
      onName(path, 'OBJECT_CONVERSION', 'CREATE CONVERSION pg_temp.…'),
    CreateOpClassStmt: ({ opclassname }: CreateOpClassStmt) =>
      onName(opclassname, 'OBJECT_OPCLASS', 'CREATE OPERATOR CLASS pg_temp.…'),
    CreateOpFamilyStmt: ({ opfamilyname }: CreateOpFamilyStmt) =>
      onName(opfamilyname, 'OBJECT_OPFAMILY', 'CREATE OPERATOR FAMILY pg_temp.…'),
    CreateStatsStmt: ({ defnames }: CreateStatsStmt) =>
      onName(defnames, 'OBJECT_STATISTIC_EXT', 'CREATE STATISTICS pg_temp.…'),
    CreateForeignTableStmt: ({ base }: CreateForeignTableStmt) =>
      base === undefined ? undefined : onCreate(base, 'OBJECT_FOREIGN_TABLE'),
    TypeName: ({ names: path }: TypeName) => (inTempSchema(names(path).at(-2)) ? needs('pg_temp.…') : undefined),
    DropStmt: onDrop,
    RenameStmt: onRename,
    VariableSetStmt: onSet,
    RangeVar: ({ schemaname }: RangeVar) => (inTempSchema(schemaname) ? needs('pg_temp.…') : undefined),
    FuncCall: ({ funcname }: FuncCall) => (inTempSchema(names(funcname).at(-2)) ? needs('pg_temp.…()') : undefined),
  },
  functions: { set_config: onSetConfig },
}
