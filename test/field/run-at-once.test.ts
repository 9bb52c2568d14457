import { createGuard } from '@poolsafe/core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

// Code that is run at once, though it is only being defined. A live server says of each text whether its session is
// left changed.

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query('CREATE EXTENSION IF NOT EXISTS tablefunc; CREATE EXTENSION IF NOT EXISTS xml2')
  await client.end()
})
afterAll(() => server.stop())

const guard = createGuard()

const tables = [
  'DROP TABLE IF EXISTS rows, copied, valued CASCADE',
  'DROP DOMAIN IF EXISTS amount, checked CASCADE',
  'CREATE TABLE rows (id int)',
  'INSERT INTO rows VALUES (1)',
  'CREATE DOMAIN amount AS int',
  'CREATE TABLE valued (value amount)',
  'INSERT INTO valued VALUES (1)',
].join(';')

/** Leaves a setting where it is evaluated. */
const leaves = "set_config('app.made', 'x', false) IS NOT NULL"
const sqlFunction = `CREATE OR REPLACE FUNCTION pg_temp_free() RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.made', 'x', false) $$`
const plpgsqlFunction = `CREATE OR REPLACE FUNCTION leave(value text, OUT done boolean) LANGUAGE plpgsql AS $f$
  DECLARE kept text; BEGIN kept := value; PERFORM set_config('app.made', kept, false); done := true; END $f$`

const look = `SELECT nullif(current_setting('app.made', true), '') IS NOT NULL
  OR EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS "isChanged"`

const fires = `CREATE OR REPLACE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ${leaves}; RETURN NEW; END $$`
const listens = `CREATE OR REPLACE FUNCTION hears() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ${leaves}; END $$; CREATE EVENT TRIGGER heard ON ddl_command_start EXECUTE FUNCTION hears()`

const dirty: readonly string[] = [
  `ALTER TABLE rows ADD CHECK (${leaves})`,
  `ALTER TABLE rows ADD CONSTRAINT c CHECK (${leaves})`,
  `ALTER TABLE rows ADD COLUMN a int CHECK (${leaves})`,
  `ALTER TABLE rows ADD COLUMN a boolean DEFAULT (${leaves})`,
  `ALTER TABLE rows ALTER COLUMN id TYPE boolean USING ${leaves}`,
  `ALTER DOMAIN amount ADD CHECK (${leaves})`,
  `ALTER DOMAIN amount ADD CONSTRAINT c CHECK (${leaves})`,
  'CREATE MATERIALIZED VIEW copied_view AS SELECT pg_advisory_lock(42)::text; DROP MATERIALIZED VIEW copied_view',
  `SELECT ${leaves} INTO copied`,
  `PREPARE p AS SELECT ${leaves}; EXPLAIN ANALYZE EXECUTE p; DEALLOCATE p`,
  `PREPARE p AS SELECT ${leaves}; EXPLAIN (COSTS OFF, ANALYZE) EXECUTE p; DEALLOCATE p`,
  `PREPARE p AS SELECT ${leaves} AS a; CREATE TABLE copied AS EXECUTE p; DEALLOCATE p`,
  `PREPARE p AS SELECT ${leaves} AS a; EXPLAIN ANALYZE CREATE TABLE copied AS EXECUTE p; DEALLOCATE p`,
  `${sqlFunction}; SELECT pg_temp_free()`,
  `${sqlFunction}; SELECT * FROM pg_temp_free() AS f`,
  `${sqlFunction}; DO $$ BEGIN PERFORM pg_temp_free(); END $$`,
  `${sqlFunction}; INSERT INTO rows SELECT 2 WHERE pg_temp_free() IS NOT NULL`,
  `${sqlFunction}; ALTER TABLE rows ADD CHECK (pg_temp_free() IS NOT NULL)`,
  `CREATE OR REPLACE FUNCTION atomic() RETURNS text BEGIN ATOMIC SELECT set_config('app.made', 'x', false); END; SELECT atomic()`,
  `CREATE OR REPLACE FUNCTION returned() RETURNS text RETURN set_config('app.made', 'x', false); SELECT returned()`,
  `/* ü */ ${plpgsqlFunction}; SELECT leave('x')`,
  `${sqlFunction}; CREATE OR REPLACE FUNCTION outer_one() RETURNS text LANGUAGE sql AS 'SELECT pg_temp_free()'; SELECT outer_one()`,
  `CREATE OR REPLACE PROCEDURE proceed() LANGUAGE plpgsql AS $$ BEGIN SET app.made = 'x'; END $$; CALL proceed()`,
  `${sqlFunction}; EXPLAIN ANALYZE SELECT pg_temp_free()`,
  // One text stores the code, and a later statement of the text runs it.
  `CREATE DOMAIN checked AS int CHECK (${leaves}); SELECT 1::checked`,
  `CREATE DOMAIN checked AS int; ALTER DOMAIN checked ADD CHECK (${leaves}) NOT VALID; SELECT 1::checked`,
  `CREATE DOMAIN checked AS boolean DEFAULT (${leaves}); CREATE TABLE copied (a checked, b int); INSERT INTO copied (b) VALUES (1)`,
  `CREATE TABLE copied (a boolean DEFAULT (${leaves})); INSERT INTO copied DEFAULT VALUES`,
  `CREATE TABLE copied (a int CHECK (${leaves})); INSERT INTO copied VALUES (1)`,
  `CREATE TABLE copied (a int CHECK (${leaves})); ALTER TABLE copied RENAME TO valued_copy; INSERT INTO valued_copy VALUES (1); DROP TABLE valued_copy`,
  `ALTER TABLE rows ALTER id SET DEFAULT (${leaves})::int; INSERT INTO rows DEFAULT VALUES`,
  `ALTER TABLE rows ADD CONSTRAINT c CHECK (${leaves}) NOT VALID; ALTER TABLE rows VALIDATE CONSTRAINT c`,
  `CREATE VIEW seen AS SELECT ${leaves}; TABLE seen; DROP VIEW seen`,
  `CREATE RULE r AS ON UPDATE TO rows DO ALSO SELECT ${leaves}; UPDATE rows SET id = 3`,
  `CREATE MATERIALIZED VIEW seen AS SELECT pg_advisory_lock(42)::text WITH NO DATA; REFRESH MATERIALIZED VIEW seen; DROP MATERIALIZED VIEW seen`,
  `CREATE OR REPLACE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ${leaves}; RETURN NEW; END $$; CREATE TRIGGER t BEFORE UPDATE ON rows FOR EACH ROW EXECUTE FUNCTION fired(); UPDATE rows SET id = 3`,
  `CREATE OR REPLACE FUNCTION passed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER t BEFORE UPDATE ON rows FOR EACH ROW WHEN (${leaves}) EXECUTE FUNCTION passed(); UPDATE rows SET id = 3`,
  `${sqlFunction}; CREATE TABLE copied (a text DEFAULT pg_temp_free()); INSERT INTO copied DEFAULT VALUES`,
  `${sqlFunction}; CREATE VIEW seen AS SELECT pg_temp_free(); SELECT * FROM seen; DROP VIEW seen`,
  `${sqlFunction}; PREPARE p AS SELECT pg_temp_free(); EXECUTE p; DEALLOCATE p`,
  `${sqlFunction}; ALTER FUNCTION pg_temp_free() RENAME TO renamed; SELECT renamed(); DROP FUNCTION renamed()`,
  `CREATE OR REPLACE FUNCTION optional(a boolean DEFAULT (${leaves})) RETURNS boolean LANGUAGE sql AS 'SELECT a'; SELECT optional()`,
  `CREATE OR REPLACE FUNCTION adds(int, int) RETURNS int LANGUAGE sql AS $$ SELECT (${leaves})::int $$; CREATE AGGREGATE added(int) (SFUNC = adds, STYPE = int); SELECT added(id) FROM rows; DROP AGGREGATE added(int)`,
  `CREATE OR REPLACE FUNCTION adds(int, int) RETURNS int LANGUAGE sql AS $$ SELECT (${leaves})::int $$; CREATE OPERATOR <%> (FUNCTION = adds, LEFTARG = int, RIGHTARG = int); SELECT 1 <%> 2; DROP OPERATOR <%> (int, int)`,
  `CREATE TYPE pair AS (a int); CREATE FUNCTION paired(pair) RETURNS text LANGUAGE sql AS $$ SELECT (${leaves})::text $$; CREATE CAST (pair AS text) WITH FUNCTION paired(pair); SELECT ROW(1)::pair::text; DROP TYPE pair CASCADE`,
  `${sqlFunction}; CREATE TABLE parts (id text) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parts FOR VALUES IN (pg_temp_free()); DROP TABLE parts`,
  `${fires}; CREATE TRIGGER t AFTER TRUNCATE ON rows EXECUTE FUNCTION fired(); TRUNCATE rows`,
  `${fires}; ALTER TABLE rows ADD PRIMARY KEY (id); CREATE TABLE copied (id int REFERENCES rows ON DELETE CASCADE); INSERT INTO copied VALUES (1); CREATE TRIGGER t AFTER DELETE ON copied FOR EACH ROW EXECUTE FUNCTION fired(); DELETE FROM rows`,
  `${fires}; ALTER TABLE rows ADD PRIMARY KEY (id); CREATE TABLE copied (id int); INSERT INTO copied VALUES (1); CREATE TRIGGER t AFTER UPDATE ON copied FOR EACH ROW EXECUTE FUNCTION fired(); ALTER TABLE copied ADD FOREIGN KEY (id) REFERENCES rows ON UPDATE CASCADE; UPDATE rows SET id = 2`,
  `CREATE OR REPLACE FUNCTION computed(rows) RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.made', 'x', false) $$; SELECT r.computed FROM rows AS r; DROP FUNCTION computed(rows)`,
  `CREATE OR REPLACE FUNCTION planned() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN set_config('app.made', 'x', false); END $$; EXPLAIN SELECT planned()`,
  `CREATE OR REPLACE FUNCTION estimated() RETURNS int STABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM ${leaves}; RETURN 1; END $$; EXPLAIN SELECT * FROM rows WHERE id > estimated()`,
  `${listens}; CREATE TABLE copied (id int); DROP EVENT TRIGGER heard`,
  `${listens}; SELECT 1 AS a INTO copied; DROP EVENT TRIGGER heard`,
  `${listens}; COMMENT ON TABLE rows IS 'x'; DROP EVENT TRIGGER heard`,
  `${listens}; DO $$ BEGIN CREATE TABLE copied (id int); END $$; DROP EVENT TRIGGER heard`,
  // Texts that functions run.
  `SELECT query_to_xml('SELECT pg_advisory_lock(42)::text', true, true, '')`,
  `SELECT query_to_xml_and_xmlschema('SELECT pg_advisory_lock(42)::text', true, true, '')`,
  `SELECT * FROM ts_stat($$ SELECT to_tsvector(set_config('app.made', 'x', false)) $$)`,
  `SELECT * FROM xpath_table('id', 'id', 'rows', '/a', $$ set_config('app.made', 'x', false) = 'x' $$) AS found (a int)`,
  `SELECT * FROM connectby('rows', 'id', $$ set_config('app.made', id::text, false)::int $$, '1', 1) AS found (a int, b int, c int)`,
  `SELECT ts_rewrite('a'::tsquery, $$ SELECT 'a'::tsquery, set_config('app.made', 'x', false)::tsquery $$)`,
]

const clean: readonly string[] = [
  `ALTER TABLE rows ADD CONSTRAINT c CHECK (${leaves}) NOT VALID`,
  `ALTER TABLE rows ADD CONSTRAINT c CHECK (${leaves}) NOT ENFORCED`,
  `ALTER DOMAIN amount ADD CONSTRAINT c CHECK (${leaves}) NOT VALID`,
  `ALTER DOMAIN amount SET DEFAULT (${leaves})::int`,
  `ALTER TABLE rows ALTER COLUMN id SET DEFAULT (${leaves})::int`,
  `CREATE TABLE copied (id int DEFAULT (${leaves})::int CHECK (${leaves}))`,
  `CREATE MATERIALIZED VIEW copied_view AS SELECT ${leaves} WITH NO DATA; DROP MATERIALIZED VIEW copied_view`,
  `PREPARE p AS SELECT ${leaves}; EXPLAIN EXECUTE p; DEALLOCATE p`,
  `PREPARE p AS SELECT ${leaves} AS a; CREATE TABLE copied AS EXECUTE p WITH NO DATA; DEALLOCATE p`,
  `CREATE POLICY own ON rows USING (${leaves})`,
  `CREATE VIEW copied AS SELECT ${leaves}; DROP VIEW copied`,
  `${sqlFunction}; SELECT 1`,
  `${sqlFunction}; SELECT other.pg_temp_free FROM (VALUES (1)) AS other (pg_temp_free)`,
  `${sqlFunction}; EXPLAIN SELECT pg_temp_free()`,
  `${listens}; INSERT INTO rows VALUES (2); SELECT 1; DROP EVENT TRIGGER heard`,
  `CREATE OR REPLACE FUNCTION planned() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN set_config('app.made', 'x', false); END $$; EXPLAIN SELECT planned()`,
  `${plpgsqlFunction}; COMMENT ON FUNCTION leave IS 'leave(1)'`,
  `${sqlFunction}; CREATE TABLE copied (a text DEFAULT pg_temp_free()); INSERT INTO rows VALUES (2)`,
  `${sqlFunction}; GRANT EXECUTE ON FUNCTION pg_temp_free() TO PUBLIC`,
  `CREATE OR REPLACE FUNCTION own_setting() RETURNS int SET app.made = 'x' LANGUAGE sql AS 'SELECT 1'; SELECT own_setting()`,
  `CREATE RULE r AS ON UPDATE TO rows DO ALSO SELECT ${leaves}; SELECT 1`,
  `SELECT query_to_xmlschema('SELECT pg_advisory_lock(42)::text', true, true, '')`,
  `SELECT query_to_xml('SELECT 1', true, true, '')`,
  `SELECT * FROM xpath_table('id', 'id', 'rows', '/a', 'true') AS found (a int)`,
  `SELECT * FROM connectby('rows', 'id', 'id', '0', 0) AS found (a int, b int, c int)`,
  `CREATE OR REPLACE FUNCTION local_one() RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.made', 'x', true) $$; SELECT local_one()`,
]

describe.each([
  ['is left changed by', true, dirty],
  ['is left as it was by', false, clean],
])('a session %s', (_what, isDirty, texts) => {
  it.each(texts)('%s', async (text) => {
    const client = new pg.Client(server.url)
    await client.connect()
    try {
      await client.query(tables)
      await client.query(text)
      const { rows } = await client.query<{ isChanged: boolean }>(look)
      expect(rows[0]?.isChanged, 'what the server shows').toBe(isDirty)
      // Another test decides whether the PREPARE is taken back.
      const found = guard
        .inspect(text)
        .findings.map(({ rule }) => rule)
        .filter((rule) => rule !== 'session/prepared-statement')
      expect(found.length > 0, `what the guard says: ${found.join()}`).toBe(isDirty)
    } finally {
      await client.end()
    }
  })
})
