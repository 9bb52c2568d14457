import { alone, type Statement } from '../statement.ts'
import { executedToo, notExecutedToo, tricky } from './tricky.ts'

/** Places in which PostgreSQL evaluates an expression at once. */
const executed: readonly ((expression: string) => string)[] = [
  (x) => `SELECT ${x}`,
  (x) => `SELECT * FROM (SELECT ${x}) AS q`,
  (x) => `SELECT * FROM ${x} AS q`,
  (x) => `SELECT (SELECT ${x})`,
  (x) => `SELECT 1 WHERE (${x})::text IS NULL`,
  (x) => `SELECT count(*) FROM users GROUP BY id HAVING (${x})::text IS NULL`,
  (x) => `SELECT id FROM users ORDER BY (${x})::text, id`,
  (x) => `SELECT coalesce((${x})::text, 'none')`,
  (x) => `SELECT CASE WHEN (${x})::text = '1' THEN 1 END`,
  (x) => `SELECT ARRAY[(${x})::text], ROW((${x})::text)`,
  (x) => `SELECT lower(upper((${x})::text))`,
  (x) => `SELECT u.id FROM users u JOIN LATERAL (SELECT ${x}) AS q ON true`,
  (x) => `SELECT 'a' UNION ALL SELECT (${x})::text`,
  (x) => `WITH q AS (SELECT ${x}) SELECT * FROM q`,
  (x) =>
    `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, (SELECT ${x}) AS q WHERE n < 2) SELECT * FROM r`,
  (x) => `VALUES ((${x})::text)`,
  (x) => `INSERT INTO notes (item) SELECT (${x})::text`,
  (x) => `INSERT INTO notes (item) VALUES ((${x})::text)`,
  (x) => `INSERT INTO notes (item) VALUES ('a') RETURNING (${x})::text`,
  (x) => `INSERT INTO t VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET a = length((${x})::text)`,
  (x) => `UPDATE users SET name = (${x})::text`,
  (x) => `UPDATE users SET name = 'c' WHERE (${x})::text IS NOT NULL`,
  (x) => `DELETE FROM users WHERE (${x})::text = 'none'`,
  (x) => `DELETE FROM posts USING (SELECT ${x}) AS q WHERE posts.id = 1`,
  (x) => `WITH gone AS (DELETE FROM jobs RETURNING (${x})::text) SELECT * FROM gone`,
  (x) => `MERGE INTO t USING (SELECT (${x})::text AS v) AS q ON t.id = 1 WHEN MATCHED THEN UPDATE SET a = 3`,
  (x) => `CREATE TABLE made AS SELECT (${x})::text AS v`,
  (x) => `CREATE MATERIALIZED VIEW made AS SELECT (${x})::text AS v`,
  (x) => `SELECT (${x})::text AS v INTO made`,
  (x) => `CALL work((${x})::text)`,
  (x) => `SELECT twice(length((${x})::text))`,
  (x) => `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT ${x}`,
  (x) => `ALTER TABLE t ALTER a TYPE text USING (${x})::text`,
  (x) => `DO $$ BEGIN PERFORM ${x}; END $$`,
  (x) => `DO $$ DECLARE v text := (${x})::text; BEGIN END $$`,
  (x) => `DO $$ DECLARE v text; BEGIN IF true THEN v := (${x})::text; END IF; END $$`,
  (x) => `BEGIN; SELECT ${x}; COMMIT`,
  (x) => `SELECT 1; SELECT ${x}; SELECT 2`,
  (x) => `START TRANSACTION; SAVEPOINT a; SELECT ${x}; RELEASE a; COMMIT`,
  (x) => `/* SELECT */ ((SELECT ${x}))`,
]

/** Places in which PostgreSQL stores an expression, plans it, or never comes to it. */
const notExecuted: readonly ((expression: string) => string)[] = [
  (x) => `EXPLAIN SELECT ${x}`,
  (x) => `EXPLAIN (VERBOSE, COSTS OFF) UPDATE users SET name = (${x})::text`,
  (x) => `EXPLAIN (ANALYZE false) SELECT ${x}`,
  (x) => `CREATE VIEW made AS SELECT (${x})::text AS v`,
  (x) => `CREATE TABLE made (a text DEFAULT (${x})::text)`,
  (x) => `CREATE TABLE made (a text CHECK ((${x})::text IS NOT NULL))`,
  (x) => `CREATE TABLE made AS SELECT (${x})::text AS v WITH NO DATA`,
  (x) => `CREATE MATERIALIZED VIEW made AS SELECT (${x})::text AS v WITH NO DATA`,
  (x) => `ALTER TABLE users ALTER COLUMN name SET DEFAULT (${x})::text`,
  (x) => `CREATE FUNCTION made() RETURNS text LANGUAGE sql AS $$ SELECT (${x})::text $$`,
  (x) => `CREATE FUNCTION made() RETURNS text LANGUAGE sql RETURN (${x})::text`,
  (x) => `CREATE PROCEDURE made() LANGUAGE plpgsql AS $$ BEGIN PERFORM ${x}; END $$`,
  (x) => `CREATE POLICY made ON users USING ((${x})::text IS NOT NULL)`,
  (x) => `CREATE RULE made AS ON DELETE TO users DO ALSO SELECT ${x}`,
  (x) => `CREATE DOMAIN made AS text DEFAULT (${x})::text`,
  (x) => `SELECT ${x} WHERE false`,
  (x) => `SELECT * FROM (SELECT ${x}) AS q WHERE false`,
  (x) => `INSERT INTO orders (item) SELECT 'a' FROM ${x} AS q WHERE false`,
  (x) => `UPDATE users SET name = (${x})::text WHERE false`,
  (x) => `DELETE FROM users WHERE false RETURNING (${x})::text`,
  (x) => `SELECT $$${x}$$`,
  (x) => `SELECT 1 /* ${x} */`,
  (x) => `COMMENT ON TABLE users IS $$${x}$$`,
  (x) => `DO $$ BEGIN RAISE DEBUG '%', $q$${x}$q$; END $$`,
]

const harmful = [
  'pg_advisory_lock(5)',
  'pg_try_advisory_lock_shared(5, 6)',
  "set_config('app.made', '1', false)",
  'setseed(0.25)',
  "currval('orders_id_seq')",
  'lastval()',
]

const harmless = [
  'pg_advisory_xact_lock(5)',
  "nextval('orders_id_seq')",
  "my.set_config('app.made', '1', false)",
  "to_char(1, '9')",
]

/**
 * One that a rollback takes back, one that survives it, one that needs what is there: the rest would tell no more, and
 * takes a minute.
 */
const someHarmful = ['pg_advisory_lock(5)', "set_config('app.made', '1', false)", "currval('orders_id_seq')"]

const someHarmless = ["my.set_config('app.made', '1', false)"]

/** Settings with two forms of a value, as SET and as text. */
const settings: readonly (readonly [string, string])[] = [
  ['search_path', 'my'],
  ['statement_timeout', '54321'],
  ['lock_timeout', '4321'],
  ['idle_in_transaction_session_timeout', '54321'],
  ['work_mem', '65536'],
  ['row_security', 'off'],
  ['application_name', 'made'],
  ['intervalstyle', 'iso_8601'],
  ['default_transaction_isolation', 'serializable'],
  ['app.org_id', '77'],
  ['hnsw.ef_search', '100'],
  ['request.jwt_claims', 'x'],
]

const settingForms: readonly ((name: string, value: string) => string)[] = [
  (name, value) => `SET ${name} = '${value}'`,
  (name, value) => `SET SESSION ${name} TO '${value}'`,
  (name, value) => `SELECT set_config('${name}', '${value}', false)`,
  (name, value) => `BEGIN; SET ${name} = '${value}'; COMMIT`,
  (name, value) => `BEGIN; SET LOCAL ${name} = '${value}'; SET ${name} = '${value}'; COMMIT`,
  (name, value) => `DO $$ BEGIN SET ${name} = '${value}'; END $$`,
  (name, value) => `DO $$ BEGIN EXECUTE 'SET ${name} = ''${value}'''; END $$`,
  (name, value) => `BEGIN; SET LOCAL ${name} = '${value}'; SELECT 1; COMMIT`,
  (name, value) => `SET LOCAL ${name} = '${value}'; SELECT 1`,
  (name, value) => `BEGIN; SELECT set_config('${name}', '${value}', true); SELECT 1; COMMIT`,
  (name, value) => `BEGIN; SET ${name} = '${value}'; ROLLBACK`,
  (name, value) => `BEGIN; SAVEPOINT a; SET ${name} = '${value}'; ROLLBACK TO a; COMMIT`,
  (name, value) => `BEGIN; SET ${name} = '${value}'; SELECT 1; RESET ${name}; COMMIT`,
  (name, value) => `DO $$ BEGIN SET LOCAL ${name} = '${value}'; END $$`,
  (name, value) => `ALTER ROLE app SET ${name} = '${value}'`,
  (name, value) => `ALTER DATABASE stage SET ${name} = '${value}'`,
  (name, value) => `CREATE FUNCTION made() RETURNS int LANGUAGE sql SET ${name} = '${value}' AS 'SELECT 1'`,
  (name, value) => `SELECT 'SET ${name} = ${value}'`,
]

/** Transactions, texts and blocks around a statement whose state a ROLLBACK undoes. */
const undone: readonly (readonly [string, string])[] = [
  ['CREATE TEMP TABLE made (a int)', 'DROP TABLE made'],
  ['CREATE TEMP VIEW made AS SELECT 1 AS one', 'DROP VIEW made'],
  ['CREATE TEMP SEQUENCE made', 'DROP SEQUENCE made'],
  ['CREATE TABLE pg_temp.made (a int)', 'DROP TABLE pg_temp.made'],
  ['LISTEN made', 'UNLISTEN made'],
  ['SET ROLE app', 'RESET ROLE'],
  ["SET app.made = '1'", 'RESET app.made'],
  ['DECLARE made CURSOR WITH HOLD FOR SELECT 1', 'CLOSE made'],
  ['PREPARE made AS SELECT 1', 'DEALLOCATE made'],
  ['SELECT pg_advisory_lock(7)', 'SELECT pg_advisory_unlock(7)'],
  ["SELECT pg_create_physical_replication_slot('made', false, true)", "SELECT pg_drop_replication_slot('made')"],
]

const undoneForms: readonly ((does: string, undoes: string) => string)[] = [
  (does) => does,
  (does) => `${does}; SELECT 1`,
  (does) => `BEGIN; ${does}; COMMIT`,
  (does) => `BEGIN; ${does}; ROLLBACK`,
  (does) => `BEGIN; SAVEPOINT a; ${does}; ROLLBACK TO a; COMMIT`,
  (does, undoes) => `BEGIN; ${does}; SELECT 1; ${undoes}; COMMIT`,
  (does, undoes) => `${does}; ${undoes}`,
  (does, undoes) => `BEGIN; ${does}; SAVEPOINT a; ${undoes}; RELEASE a; COMMIT`,
  (does, undoes) => `BEGIN; ${does}; SAVEPOINT a; ${undoes}; ROLLBACK TO a; COMMIT`,
]

function cross<Part>(forms: readonly ((part: Part) => string)[], parts: readonly Part[]): string[] {
  return forms.flatMap((form) => parts.map((part) => form(part)))
}

/** Statements made of places and of what stands there: none says whether it is safe. */
export const made: readonly Statement[] = alone(
  ...cross(executed, harmful),
  ...cross(executed, harmless),
  ...cross(notExecuted, harmful),
  ...cross(executedToo, [...someHarmful, ...someHarmless]),
  ...cross(notExecutedToo, someHarmful),
  ...cross(
    settingForms.map(
      (form) =>
        ([name, value]: readonly [string, string]) =>
          form(name, value),
    ),
    settings,
  ),
  ...cross(
    undoneForms.map(
      (form) =>
        ([does, undoes]: readonly [string, string]) =>
          form(does, undoes),
    ),
    undone,
  ),
).concat(tricky)
