import type {
  CreateForeignTableStmt,
  CreateFunctionStmt,
  CreateStmt,
  CreateTableAsStmt,
  DefineStmt,
  DropStmt,
  FuncCall,
  IntoClause,
  Node,
  RangeVar,
  TypeName,
} from 'libpg-query'
import type { Effect } from '../analyze/effects.ts'
import { names } from '../analyze/function-call.ts'
import type { Rule } from './rule.ts'

const inTempSchema = (schema: string | undefined): boolean => /^pg_temp(_\d+)?$/.test(schema ?? '')
const isTemp = (relation: RangeVar | undefined): boolean => relation?.relpersistence === 't' || inTempSchema(relation?.schemaname)

function leaves(what: string): Effect {
  return { does: 'leaves', state: 'temp-object', what, when: 'always' }
}

function needs(what: string): Effect {
  return { does: 'needs', state: 'temp-object', what, when: 'autocommit' }
}

/** ON COMMIT DROP leaves nothing; alone in autocommit it drops the table at once, which `transaction/on-commit-drop` says. */
function onCreate({ relation, oncommit }: CreateStmt): Effect | undefined {
  return isTemp(relation) && oncommit !== 'ONCOMMIT_DROP' ? leaves('CREATE TEMP TABLE') : undefined
}

function onInto(into: IntoClause | undefined, what: string): Effect | undefined {
  return isTemp(into?.rel) && into?.onCommit !== 'ONCOMMIT_DROP' ? leaves(what) : undefined
}

function inTempName(path: readonly Node[] | undefined): boolean {
  const parts = names(path)
  return parts.length > 1 && inTempSchema(parts[0])
}

/** DROP gives its names in a shape for each kind of object. */
function namesTemp(object: Node): boolean {
  if ('List' in object) return inTempName(object.List.items)
  if ('TypeName' in object) return inTempName(object.TypeName.names)
  return 'ObjectWithArgs' in object && inTempName(object.ObjectWithArgs.objname)
}

/** Temporary tables, views, sequences, functions and types live in the schema `pg_temp` of one server session. */
export const tempObject: Rule<'session/temp-object'> = {
  id: 'session/temp-object',
  title: 'a temporary object belongs to one server session',
  why: 'it lives on the server connection that created it: your next transaction does not find it (42P01), a stranger can read it or collides with its name (42P07), and it hides a permanent table of that name',
  instead:
    'CREATE TEMP TABLE … ON COMMIT DROP inside the transaction that uses it; or a CTE, VALUES, unnest($1::int[]) or an unlogged table with a key per run',
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
    SelectStmt: ({ intoClause }) => onInto(intoClause, 'SELECT INTO TEMP'),
    ViewStmt: ({ view }) => (isTemp(view) ? leaves('CREATE TEMP VIEW') : undefined),
    CreateSeqStmt: ({ sequence }) => (isTemp(sequence) ? leaves('CREATE TEMP SEQUENCE') : undefined),
    CreateFunctionStmt: ({ funcname }: CreateFunctionStmt) => (inTempName(funcname) ? leaves('CREATE FUNCTION pg_temp.…') : undefined),
    CreateEnumStmt: ({ typeName }) => (inTempName(typeName) ? leaves('CREATE TYPE pg_temp.…') : undefined),
    CreateRangeStmt: ({ typeName }) => (inTempName(typeName) ? leaves('CREATE TYPE pg_temp.…') : undefined),
    CreateDomainStmt: ({ domainname }) => (inTempName(domainname) ? leaves('CREATE DOMAIN pg_temp.…') : undefined),
    DefineStmt: ({ defnames }: DefineStmt) => (inTempName(defnames) ? leaves('CREATE … pg_temp.…') : undefined),
    CreateForeignTableStmt: ({ base }: CreateForeignTableStmt) => (base === undefined ? undefined : onCreate(base)),
    CompositeTypeStmt: ({ typevar }) => (isTemp(typevar) ? leaves('CREATE TYPE pg_temp.…') : undefined),
    RangeVar: ({ schemaname }) => (inTempSchema(schemaname) ? needs('pg_temp.…') : undefined),
    TypeName: ({ names: path }: TypeName) => (inTempName(path) ? needs('pg_temp.…') : undefined),
    DropStmt: ({ objects }: DropStmt) => ((objects ?? []).some(namesTemp) ? needs('DROP … pg_temp.…') : undefined),
    FuncCall: ({ funcname }: FuncCall) => (inTempName(funcname) ? needs('pg_temp.…()') : undefined),
  },
}
