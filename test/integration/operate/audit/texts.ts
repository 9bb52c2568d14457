import { plpgsql, setA } from './stage.ts'

/** More objects, for the texts below. The search path of the database is the default one. */
export const textStage = `
${plpgsql('public.open_leak()', `BEGIN ${setA}; END`)}
${plpgsql('public.leak(a int, b int)', 'BEGIN RETURN a + b; END', 'int')}
${plpgsql('other.open_leak()', 'BEGIN END')}
CREATE TABLE public.plain (id int, n int); INSERT INTO public.plain VALUES (1, 1);
CREATE TABLE shop.d (id int, n int DEFAULT shop.leak(1), k int);
INSERT INTO shop.d VALUES (1, 1, 1);
CREATE TABLE public.v_leak_source (id int);
CREATE TABLE shop.c (id int PRIMARY KEY, n int);
CREATE FUNCTION shop.c_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${setA}; RETURN NEW; END $$;
CREATE TRIGGER c_u BEFORE UPDATE OF n ON shop.c FOR EACH ROW EXECUTE FUNCTION shop.c_f();
INSERT INTO shop.c VALUES (1, 1);
CREATE TABLE shop.del (id int); INSERT INTO shop.del VALUES (1);
CREATE FUNCTION shop.del_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${setA}; RETURN OLD; END $$;
CREATE TRIGGER d_d BEFORE DELETE ON shop.del FOR EACH ROW EXECUTE FUNCTION shop.del_f();
CREATE VIEW public.open_view AS SELECT shop.leak(1) AS n;
CREATE TABLE other.open_view (n int);
${plpgsql('shop.vary(VARIADIC a int[])', `BEGIN ${setA}; END`)}
${plpgsql('shop.optional(a int, b int DEFAULT 1)', `BEGIN ${setA}; END`)}
CREATE FUNCTION shop.plain_cast(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i';
CREATE TABLE shop."Mixed Name" (id int);
CREATE TRIGGER mixed BEFORE INSERT ON shop."Mixed Name" FOR EACH ROW EXECUTE FUNCTION shop.c_f();
CREATE SCHEMA "Quoted";
${plpgsql('"Quoted"."setIt"()', `BEGIN ${setA}; END`)}
`

/** Texts that reach code which changes the session, or only look so. A live session decides which. */
export const texts: readonly string[] = [
  // Functions by name, schema and number of arguments.
  'SELECT open_leak()',
  'SELECT public.open_leak()',
  'SELECT other.open_leak()',
  'select  OPEN_LEAK ( )',
  'SELECT "open_leak"()',
  'SELECT public . "open_leak" /* here */ ()',
  'SELECT open_leak -- here\n ()',
  'SELECT shop.leak(1)',
  'SELECT leak(1, 2)',
  'SELECT public.leak(1, 2)',
  'SELECT shop.vary(1)',
  'SELECT shop.vary(1, 2, 3)',
  'SELECT shop.optional(1)',
  'SELECT shop.optional(1, 2)',
  'SELECT shop.optional(a => 1, b => 2)',
  'SELECT shop.plain_cast(1)',
  'SELECT "Quoted"."setIt"()',
  // Functions by what the call gives.
  "SELECT shop.set_where('x', true)",
  "SELECT shop.set_where('x', false)",
  "SELECT shop.set_where('x')",
  "SELECT shop.set_where(v => 'x', is_local => false)",
  'SELECT shop.with_leak()',
  'SELECT shop.with_leak(1)',
  'SELECT shop.by_type(1)',
  "SELECT shop.by_type('x')",
  "SELECT shop.by_type('x'::text)",
  'SELECT shop.take(129); SELECT shop.give(129)',
  'SELECT shop.take(130); SELECT shop.give(131)',
  'SELECT shop.take(132); SELECT pg_advisory_unlock(132)',
  'SELECT * FROM open_leak()',
  'SELECT * FROM generate_series(1, 2) g, LATERAL open_leak() l',
  'SELECT 1 WHERE shop.leak(1) = 1',
  'SELECT 1 ORDER BY shop.leak(1)',
  'SELECT CASE WHEN true THEN shop.leak(1) END',
  'SELECT sum(shop.leak(n)) OVER () FROM generate_series(1, 2) n',
  'SELECT (SELECT shop.leak(1))',
  'SELECT EXISTS (SELECT shop.leak(1) FROM generate_series(1, 1) OFFSET 0) AND shop.leak(2) = 2',
  'VALUES (shop.leak(1))',
  'WITH q AS MATERIALIZED (SELECT shop.leak(1) AS n) SELECT n FROM q',
  'UPDATE plain SET n = shop.leak(1) WHERE shop.leak(2) = 2',
  'INSERT INTO plain VALUES (1, shop.leak(1))',
  'INSERT INTO plain SELECT 1, shop.leak(1)',
  'INSERT INTO plain (id) VALUES (1) RETURNING shop.leak(id)',
  "SELECT 'open_leak()', 1 AS open_leak",
  'SELECT 1 -- open_leak()',
  'SELECT 1 AS "shop.leak(1)"',
  'EXPLAIN SELECT open_leak()',
  'EXPLAIN (ANALYZE) SELECT shop.leak(1)',
  // DO, CALL, prepared statements, several statements.
  'DO $$ BEGIN PERFORM open_leak(); END $$',
  'DO $$ DECLARE x int; BEGIN x := shop.leak(1); END $$',
  'DO $$ BEGIN INSERT INTO shop.t_insert VALUES (1); END $$',
  "DO $$ BEGIN EXECUTE 'SELECT shop.leak(1)'; END $$",
  'DO $$ BEGIN PERFORM shop.pure(1); END $$',
  'CALL shop.set_procedure()',
  'SELECT 1; SELECT open_leak()',
  'BEGIN; SELECT open_leak(); ROLLBACK',
  'BEGIN; SELECT open_leak(); COMMIT',
  'BEGIN; SELECT shop.lock_it(); ROLLBACK',
  'SELECT shop.lock_it(); SELECT shop.unlock_it()',
  'SELECT shop.lock_it(); SELECT pg_advisory_unlock(77)',
  'SELECT shop.lock_it(); SELECT pg_advisory_unlock(78)',
  'CREATE TABLE copied AS SELECT shop.leak(1) AS n',
  'COPY (SELECT shop.leak(1)) TO STDOUT',
  // Triggers by command and column.
  'INSERT INTO shop.t_insert (id) VALUES (1)',
  'INSERT INTO shop.t_insert AS aliased VALUES (1)',
  'UPDATE shop.t_insert SET id = 1',
  'DELETE FROM shop.t_insert WHERE id = 1',
  'SELECT * FROM shop.t_insert',
  'TRUNCATE shop.t_insert',
  'TRUNCATE TABLE ONLY shop.t_statement',
  'WITH w AS (INSERT INTO shop.t_insert VALUES (1) RETURNING id) SELECT id FROM w',
  'MERGE INTO shop.t_insert t USING (SELECT 1 AS id) s ON false WHEN NOT MATCHED THEN INSERT VALUES (s.id)',
  'MERGE INTO shop.c USING (SELECT 1 AS id) s ON c.id = s.id WHEN MATCHED THEN UPDATE SET n = 5',
  'MERGE INTO shop.c USING (SELECT 1 AS id) s ON c.id = s.id WHEN MATCHED THEN DO NOTHING',
  'INSERT INTO shop.c VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = excluded.n',
  'INSERT INTO shop.c VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET id = excluded.id',
  'INSERT INTO shop.c VALUES (1, 2) ON CONFLICT (id) DO NOTHING',
  'UPDATE shop.c SET n = 3 WHERE id = 1',
  'UPDATE shop.c AS x SET n = 3 FROM plain RIGHT JOIN (SELECT 1 AS one) o ON true WHERE x.id = one',
  'UPDATE shop.c SET id = 1 WHERE id = 1',
  'UPDATE shop.c SET (id, n) = (1, 4)',
  'DELETE FROM shop.del USING (SELECT 1 AS one) o',
  'DELETE FROM ONLY shop.b_parent',
  'INSERT INTO shop.del VALUES (1)',
  'INSERT INTO shop."Mixed Name" VALUES (1)',
  'SELECT * FROM shop."Mixed Name"',
  // Defaults.
  'INSERT INTO shop.d (id) VALUES (1)',
  'INSERT INTO shop.d (id, n) VALUES (1, 2)',
  'INSERT INTO shop.d (id, n) VALUES (1, DEFAULT)',
  'INSERT INTO shop.d (id, n) VALUES (1, 2), (2, DEFAULT)',
  'INSERT INTO shop.d (n, id) SELECT 1, 2',
  'INSERT INTO shop.d (id, k) SELECT 1, 2',
  'INSERT INTO shop.d DEFAULT VALUES',
  'INSERT INTO shop.d VALUES (1)',
  'INSERT INTO shop.d VALUES (1, 2)',
  'INSERT INTO shop.d VALUES (1, DEFAULT, 3)',
  'INSERT INTO shop.d VALUES (1, 2, DEFAULT)',
  'INSERT INTO shop.d SELECT 1, 2',
  'INSERT INTO shop.d SELECT 1',
  'UPDATE shop.d SET n = DEFAULT',
  'UPDATE shop.d SET k = DEFAULT',
  'UPDATE shop.d SET (k, n) = (1, DEFAULT)',
  'MERGE INTO shop.d USING (SELECT 1 AS one) s ON false WHEN NOT MATCHED THEN INSERT (id) VALUES (one)',
  'MERGE INTO shop.d USING (SELECT 1 AS one) s ON false WHEN NOT MATCHED THEN INSERT (id, n) VALUES (one, 2)',
  'MERGE INTO shop.d USING (SELECT 1 AS one) s ON false WHEN NOT MATCHED THEN INSERT (id, n) VALUES (one, DEFAULT)',
  // Views, names of WITH, schemas.
  'SELECT * FROM open_view',
  'TABLE open_view',
  'SELECT v.n FROM "public"."open_view" AS v',
  'SELECT * FROM other.open_view',
  'SELECT * FROM plain, open_view',
  'SELECT * FROM plain RIGHT JOIN (open_view CROSS JOIN generate_series(1, 1)) ON true',
  'SELECT 1 WHERE EXISTS (SELECT n FROM open_view WHERE n > 0)',
  'WITH open_view AS (SELECT 1 AS n) SELECT * FROM open_view',
  'WITH open_view AS (SELECT n FROM open_view) SELECT * FROM open_view',
  'WITH RECURSIVE open_view(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM open_view WHERE n < 2) SELECT * FROM open_view',
  'WITH a AS (SELECT 1 AS n), open_view AS (SELECT n FROM a) SELECT * FROM open_view',
  'WITH a AS (SELECT n FROM open_view), open_view AS (SELECT 1 AS n) SELECT * FROM a',
  'SELECT * FROM (WITH open_view AS (SELECT 1 AS n) SELECT * FROM open_view) q, open_view',
  'SELECT * FROM (WITH open_view AS (SELECT 1 AS n) SELECT * FROM open_view) q',
  'WITH open_view AS (SELECT 1 AS n) SELECT * FROM public.open_view',
  'SELECT 1 AS open_view FROM plain open_view',
  'SELECT * FROM shop.m_lock',
  'REFRESH MATERIALIZED VIEW shop.m_lock',
  'REFRESH MATERIALIZED VIEW shop.m_lock WITH NO DATA',
  // Operators, domains, casts.
  'SELECT 1 OPERATOR(shop.@#@) 2',
  'SELECT 1 + 2',
  "SELECT '1'::shop.d_leak",
  'SELECT CAST(1 AS shop.d_leak)',
  "SELECT shop.d_leak '1'",
  'SELECT 1::shop.a_domain',
  'SELECT (1 + 0)::shop.pair',
  "SELECT '(1,1)'::shop.pair",
]
