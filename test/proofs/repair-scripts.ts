import { rules } from '@poolsafe/core'

/** A statement of a script, with its parameters. */
export type Line = string | readonly [sql: string, ...values: unknown[]]

/** Statements that an application sends between BEGIN and the end of its transaction. */
export interface RepairScript {
  readonly name: string
  readonly lines: readonly Line[]
  /** @default 'COMMIT' */
  readonly end?: string
  /** The state of the session before the end is no part of the proof: a freed lock stays, as pg_locks shows. */
  readonly isUnseen?: true
}

/** The examples of the rules, each in a transaction of its own. */
const examples: readonly RepairScript[] = rules.flatMap(({ id, repair, clearing }) =>
  [...(repair?.examples ?? []), ...(clearing?.examples ?? [])].map(({ sql }) => ({
    name: `${id}: ${sql}`,
    lines: [/^select.*\$1/i.test(sql) ? [sql, 'seven'] : sql] as readonly Line[],
  })),
)

const transactions: readonly RepairScript[] = [
  {
    name: 'a setting is changed, shown, reset and set again',
    lines: [
      'SET work_mem = 65536',
      'SHOW work_mem',
      'RESET work_mem',
      'SHOW work_mem',
      "SET work_mem = '1MB'",
      'SHOW work_mem',
      'RESET ALL',
      'SHOW work_mem',
      "SET work_mem = '2MB'",
      'SET work_mem TO DEFAULT',
      'SHOW work_mem',
    ],
  },
  {
    name: 'a savepoint takes a setting and a table back',
    lines: [
      "SET app.org_id = '1'",
      'SAVEPOINT s',
      "SET app.org_id = '2'",
      'CREATE TEMP TABLE t (id int)',
      'ROLLBACK TO s',
      "SELECT current_setting('app.org_id')",
      'CREATE TEMP TABLE t (id int, name text)',
      "INSERT INTO t VALUES (1, 'é😀') RETURNING *",
      'RELEASE s',
      'SELECT * FROM t',
    ],
  },
  {
    name: 'a role and a session user',
    lines: [
      'SET SESSION AUTHORIZATION reporting',
      'SELECT current_user, session_user',
      'RESET SESSION AUTHORIZATION',
      'SET ROLE reporting',
      'SELECT current_user, session_user',
      'SET ROLE NONE',
      'SELECT current_user',
      'SET SESSION ROLE reporting',
    ],
  },
  {
    name: 'temporary tables of every form',
    lines: [
      "CREATE TEMP TABLE a (id int PRIMARY KEY, at timestamptz DEFAULT '2026-01-01')",
      'CREATE TEMP TABLE IF NOT EXISTS a (id int)',
      'INSERT INTO a SELECT generate_series(1, 3)',
      'CREATE TEMP TABLE b AS SELECT * FROM a WHERE id > $1',
      'CREATE LOCAL TEMPORARY TABLE c (LIKE a INCLUDING ALL) ON COMMIT DELETE ROWS',
      'INSERT INTO c SELECT * FROM a RETURNING id',
      'SELECT id INTO TEMP TABLE d FROM a ORDER BY id',
      'WITH s AS (SELECT id FROM a) SELECT id AS other INTO pg_temp.e FROM s UNION ALL SELECT 7',
      'CREATE TABLE pg_temp.h AS SELECT * FROM e',
      'CREATE TABLE pg_temp.i (id int) ON COMMIT PRESERVE ROWS',
      'CREATE TEMP TABLE f PARTITION OF pg_temp.g DEFAULT',
      'SELECT 1',
    ].map((line): Line => (line.includes('$1') ? [line, 1] : line)),
    end: 'ROLLBACK',
  },
  {
    name: 'temporary tables, and what hangs on them',
    lines: [
      'CREATE TEMP TABLE parent (id int PRIMARY KEY) PARTITION BY LIST (id)',
      'CREATE TEMP TABLE child PARTITION OF parent DEFAULT',
      'CREATE TEMP TABLE other (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
      'INSERT INTO parent VALUES (1)',
      'INSERT INTO other VALUES (1)',
      'CREATE INDEX ON other (id)',
      'ALTER TABLE other RENAME TO renamed',
      'SELECT * FROM renamed',
      'TRUNCATE renamed',
      'CREATE TEMP TABLE gone AS VALUES (1, 2)',
      'DROP TABLE gone',
      "SELECT to_regclass('pg_temp.renamed')::text, to_regclass('pg_temp.gone')::text",
    ],
  },
  {
    name: 'a deferred constraint fails at COMMIT',
    lines: [
      "SET app.org_id = '1'",
      'CREATE TEMP TABLE parent (id int PRIMARY KEY)',
      'CREATE TEMP TABLE other (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
      'INSERT INTO other VALUES (1)',
    ],
  },
  {
    name: 'locks are taken and freed, twice and once too often',
    lines: [
      'SELECT pg_advisory_lock(42)',
      ['SELECT pg_advisory_lock($1)', 42],
      ['SELECT pg_try_advisory_lock($1::bigint) AS got', '42'],
      'SELECT pg_advisory_lock_shared(1, 2), 3 AS three',
      "SELECT pg_try_advisory_lock(hashtext('job'))",
      'SELECT pg_advisory_unlock(42)',
      ['SELECT pg_advisory_unlock($1) AS freed', 42n],
      "SELECT pg_advisory_unlock('42')",
      'SELECT pg_advisory_unlock(42)',
      'SELECT pg_advisory_unlock_shared(1, 2)',
      ['SELECT pg_advisory_unlock(hashtext($1))::text', 'job'],
      'SELECT pg_advisory_lock(5)',
      'SELECT pg_advisory_unlock_all()',
      'SELECT pg_advisory_unlock(5)',
    ],
    isUnseen: true,
  },
  {
    name: 'settings by set_config, in a query with other columns',
    lines: [
      ["SELECT set_config('app.a', $1, false) AS a, set_config('app.b', 'two', 'f'), 3", 'one'],
      "SELECT * FROM set_config('app.c', 'three', NULL)",
      "WITH s AS (SELECT set_config('app.d', 'four', false)) SELECT * FROM s",
      "SELECT current_setting('app.a'), current_setting('app.b'), current_setting('app.c'), current_setting('app.d')",
    ],
  },
  // Odyssey sends `BEGIN;` in front of the first statement of a transaction, and moves the place of its error by that.
  {
    name: 'errors have the text and the place of a connection of its own: a setting',
    lines: ['SELECT 1', "SET statement_timeout = 'soon'", 'SELECT 1'],
  },
  {
    name: 'errors have the text and the place of a connection of its own: a table',
    lines: ['SELECT 1', 'CREATE TEMP TABLE t (a int, b missing_type) ON COMMIT PRESERVE ROWS', 'SELECT 1'],
  },
  {
    name: 'errors have the text and the place of a connection of its own: SELECT INTO',
    lines: ['SELECT 1', "SELECT 'é😀' AS a, missing INTO TEMP t", 'SELECT 1'],
    end: 'ROLLBACK',
  },
  {
    name: 'errors have the text and the place of a connection of its own: a lock',
    lines: ['SELECT 1', 'SELECT pg_advisory_lock(1), 2 ORDER BY missing'],
    end: 'ROLLBACK',
  },
  {
    name: 'warnings have the place of a connection of its own',
    lines: ['SELECT 1', "SELECT set_config('app.a', 'é😀', false), '2026-01-01'::timestamp(9)"],
  },
  ...['9223372036854775808', '5000000000, 1', "hashtextextended('job', 0), 1", '1, 2, 3'].map((keys) => ({
    name: `errors name the function of a connection of its own: pg_advisory_lock(${keys})`,
    lines: ['SELECT 1', `SELECT pg_advisory_lock(${keys})`],
    end: 'ROLLBACK',
  })),
  {
    name: 'one statement frees more locks than are held',
    lines: [
      'SELECT pg_advisory_lock(5), pg_advisory_lock(5), pg_advisory_lock(7)',
      'SELECT pg_advisory_unlock(5), pg_advisory_unlock(6), pg_advisory_unlock(5), pg_advisory_unlock(5) AS last',
      'SELECT pg_advisory_unlock(6), pg_advisory_unlock(7)',
    ],
    isUnseen: true,
  },
  {
    name: 'a rollback takes everything back',
    lines: ["SET app.a = 'x'", 'SELECT pg_advisory_lock(77)', 'CREATE TEMP TABLE t (id int)', 'SET ROLE reporting'],
    end: 'ROLLBACK',
  },
  {
    name: 'a text of several statements, which ends its transaction and begins another',
    lines: ["SET app.a = 'x'; SELECT current_setting('app.a'); COMMIT AND CHAIN; SET app.a = 'y'; SHOW app.a"],
  },
]

/** Fires at the COMMIT, and tells what it finds in the session. */
const deferredTrigger: readonly string[] = [
  'CREATE TEMP TABLE watched (id int)',
  `CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE 'EXECUTE one';
    RAISE NOTICE '% % %', (SELECT count(*) FROM pg_prepared_statements WHERE name = 'one'),
      current_setting('app.a'), (SELECT id FROM seen);
    RETURN NULL; END $$`,
  `CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON watched DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION pg_temp.tell()`,
]

const cleared: readonly RepairScript[] = [
  {
    name: 'a prepared statement that a savepoint keeps',
    lines: [
      'SAVEPOINT s',
      'PREPARE one (int) AS SELECT $1 + 1',
      'ROLLBACK TO s',
      'EXECUTE one (6)',
      // Odyssey answers a DEALLOCATE that stands alone, and does not send it.
      'PREPARE two AS SELECT 2; DEALLOCATE two',
      'PREPARE "Two" AS SELECT 2',
    ],
  },
  {
    name: 'a prepared statement of a transaction that is rolled back',
    lines: ['PREPARE one AS SELECT 1', 'EXECUTE one', 'CREATE TEMP VIEW v AS SELECT 1'],
    end: 'ROLLBACK',
  },
  {
    name: 'a prepared statement of a transaction that an error aborts',
    lines: ['PREPARE one AS SELECT 1', 'CREATE TEMP SEQUENCE s', 'SELECT 1 / 0', 'EXECUTE one'],
    end: 'END; -- the answer is ROLLBACK',
  },
  {
    name: 'temporary objects of every kind, of which one hangs on the other',
    lines: [
      'CREATE TEMP TABLE t (id int)',
      'CREATE TEMP VIEW v AS SELECT id + 1 AS id FROM t',
      'CREATE OR REPLACE TEMP VIEW v AS SELECT id + 2 AS id FROM t',
      'CREATE TEMP VIEW "Of View" AS SELECT * FROM v',
      'INSERT INTO t VALUES (1)',
      'SELECT * FROM "Of View"',
      'ALTER VIEW v RENAME TO w',
      'CREATE TEMP SEQUENCE IF NOT EXISTS s OWNED BY t.id',
      "CREATE TYPE pg_temp.mood AS ENUM ('ok')",
      'CREATE DOMAIN pg_temp.age AS int CHECK (VALUE > 0)',
      "CREATE FUNCTION pg_temp.f(pg_temp.mood) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "CREATE FUNCTION pg_temp.f(pg_temp.age) RETURNS int LANGUAGE sql AS 'SELECT 2'",
      'SELECT pg_temp.f(7::pg_temp.age)',
      'CREATE OPERATOR FAMILY pg_temp.ages USING btree',
    ],
  },
  {
    name: 'a deferred trigger uses what the COMMIT clears',
    lines: [
      "SET app.a = 'seven'",
      'CREATE TEMP TABLE seen (id int)',
      'PREPARE one AS INSERT INTO seen VALUES (7)',
      ...deferredTrigger,
      'INSERT INTO watched VALUES (1)',
    ],
  },
  {
    name: 'a deferred constraint fails at the COMMIT, and takes the temporary objects along',
    lines: [
      'CREATE TEMP VIEW v AS SELECT 1',
      'CREATE TEMP TABLE parent (id int PRIMARY KEY)',
      'CREATE TEMP TABLE other (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
      'INSERT INTO other VALUES (1)',
    ],
  },
]

/** Everything that is proved of repairs. */
export const repairScripts: readonly RepairScript[] = [...examples, ...transactions, ...cleared]
