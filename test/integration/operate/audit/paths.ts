import type { StoredCase } from './hidden.ts'
import { plpgsql, setA } from './stage.ts'

/** A PL/pgSQL function without arguments in the schema `shop`. */
function code(name: string, body: string, returns = 'void'): StoredCase {
  return { object: `shop.${name}`, sql: plpgsql(`shop.${name}()`, body, returns), call: `SELECT shop.${name}()` }
}

const lock = (key: number | string): string => `PERFORM pg_advisory_lock(${key});`
const unlock = (key: number | string): string => `PERFORM pg_advisory_unlock(${key});`

/** Code whose branches, handlers and arguments decide what it leaves: it leaves something. */
export const hiddenPaths: readonly StoredCase[] = [
  code('path_other_key', `DECLARE k bigint := 101; BEGIN ${lock('k')} k := 102; ${unlock('k')} END`),
  code('path_try_keeps', 'BEGIN IF pg_try_advisory_lock(103) THEN RETURN true; END IF; RETURN false; END', 'boolean'),
  code('path_try_else', `BEGIN IF pg_try_advisory_lock(104) THEN PERFORM 1; ELSE ${unlock(104)} END IF; END`),
  code('path_early_return', `BEGIN ${lock(105)} IF now() > '2000-01-01' THEN RETURN; END IF; ${unlock(105)} END`),
  code(
    'path_other_branch',
    `BEGIN IF 1 = 2 THEN PERFORM 1; ELSIF 1 = 1 THEN ${lock(148)} ELSIF 1 = 3 THEN ${unlock(148)} END IF; END`,
  ),
  code('path_other_case', `BEGIN CASE 1 WHEN 1 THEN ${lock(149)} WHEN 2 THEN ${unlock(149)} ELSE NULL; END CASE; END`),
  code('path_exit', `BEGIN LOOP ${lock(106)} EXIT WHEN true; ${unlock(106)} END LOOP; END`),
  code(
    'path_handler_keeps',
    `BEGIN BEGIN ${lock(107)} PERFORM 1 / 0; ${unlock(107)} EXCEPTION WHEN OTHERS THEN NULL; END; END`,
  ),
  code('path_lock_survives', `BEGIN BEGIN ${lock(108)} RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END`),
  code('path_before_block', `BEGIN ${setA}; BEGIN RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END`),
  code('path_notice', `BEGIN BEGIN ${setA}; RAISE NOTICE 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END`),
  code('path_raise_argument', "BEGIN RAISE DEBUG 'x %', shop.leak(1); END"),
  {
    object: 'shop.path_lock_rollback',
    sql: `CREATE PROCEDURE shop.path_lock_rollback() LANGUAGE plpgsql AS $$ BEGIN ${lock(109)} ROLLBACK; END $$`,
    call: 'CALL shop.path_lock_rollback()',
  },
  {
    object: 'shop.path_commit_rollback',
    sql: `CREATE PROCEDURE shop.path_commit_rollback() LANGUAGE plpgsql AS $$ BEGIN ${setA}; COMMIT; ROLLBACK; END $$`,
    call: 'CALL shop.path_commit_rollback()',
  },
  {
    object: 'shop.argument_false',
    sql: `${plpgsql('shop.set_where(v text, is_local boolean DEFAULT true)', "BEGIN PERFORM set_config('app.a', v, is_local); END")}
      ${plpgsql('shop.argument_false()', "BEGIN PERFORM shop.set_where('x', false); END")}`,
    call: 'SELECT shop.argument_false()',
  },
  {
    object: 'shop.argument_other_lock',
    sql: `${plpgsql('shop.take(k bigint)', `BEGIN ${lock('k')} END`)} ${plpgsql('shop.give(k bigint)', `BEGIN ${unlock('k')} END`)}
      ${plpgsql('shop.argument_other_lock()', 'BEGIN PERFORM shop.take(110); PERFORM shop.give(111); END')}`,
    call: 'SELECT shop.argument_other_lock()',
  },
  {
    object: 'shop.argument_omitted',
    sql: `CREATE FUNCTION shop.with_leak(i int DEFAULT shop.leak(1)) RETURNS int LANGUAGE sql AS 'SELECT i';
      ${plpgsql('shop.argument_omitted()', 'BEGIN PERFORM shop.with_leak(); END')}`,
    call: 'SELECT shop.argument_omitted()',
  },
  {
    object: 'shop.argument_text',
    sql: `${plpgsql('shop.by_type(i int)', 'BEGIN END')} ${plpgsql('shop.by_type(t text)', `BEGIN ${setA}; END`)}
      ${plpgsql('shop.argument_text()', "BEGIN PERFORM shop.by_type('x'); END")}`,
    call: 'SELECT shop.argument_text()',
  },
  code('text_of_variable', "DECLARE s text; BEGIN s := 'SET app.a = '; s := s || quote_literal('x'); EXECUTE s; END"),
  code('text_of_concat', "BEGIN EXECUTE concat('SET app.a = ', quote_literal('x')); END"),
  code('text_of_case', "BEGIN EXECUTE 'SET ' || CASE WHEN false THEN 'LOCAL' ELSE 'SESSION' END || ' app.a = 1'; END"),
  code('text_of_names', "BEGIN EXECUTE format('SELECT %I.%I(1)', 'shop', 'leak'); END"),
  code('text_using_false', "BEGIN EXECUTE 'SELECT set_config($1, $2, $3)' USING 'app.a', 'x', false; END"),
  {
    object: 'shop.type_default',
    sql: `CREATE TYPE shop.mood AS ENUM ('good'); ${plpgsql('shop.type_default()', "DECLARE m shop.mood := CASE WHEN shop.leak_ok(1) THEN 'good' END; BEGIN END")}`,
    call: 'SELECT shop.type_default()',
  },
  {
    object: 'shop.v_ordered',
    sql: `CREATE FUNCTION shop.ordered_s(s int, v anyelement) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
      ${plpgsql('shop.ordered_f(s int, d float8)', `BEGIN ${setA}; RETURN s; END`, 'int')}
      CREATE AGGREGATE shop.ordered(float8 ORDER BY anyelement) (SFUNC = shop.ordered_s, STYPE = int, FINALFUNC = shop.ordered_f);
      CREATE VIEW shop.v_ordered AS SELECT shop.ordered(0.5) WITHIN GROUP (ORDER BY n) AS m FROM generate_series(1, 2) n`,
    call: 'SELECT * FROM shop.v_ordered',
  },
  {
    object: 'shop.default_cast',
    sql: `CREATE TYPE shop.euro AS (a int); ${plpgsql('shop.euro_of(i int)', `BEGIN ${setA}; RETURN ROW(i)::shop.euro; END`, 'shop.euro')}
      CREATE CAST (int AS shop.euro) WITH FUNCTION shop.euro_of(int) AS IMPLICIT; CREATE TABLE shop.default_cast (e shop.euro DEFAULT 5, n int)`,
    call: 'INSERT INTO shop.default_cast (n) VALUES (1)',
  },
  code('domain_variable', 'DECLARE d shop.d_leak := 1; BEGIN END'),
  code('domain_result', 'BEGIN RETURN 1; END', 'shop.d_leak'),
  {
    object: 'shop.domain_argument',
    sql: plpgsql('shop.domain_argument(d shop.d_leak)', 'BEGIN END'),
    call: 'SELECT shop.domain_argument(1)',
  },
  {
    object: 'shop.domain_array',
    sql: 'CREATE TABLE shop.domain_array (d shop.d_leak[])',
    call: "INSERT INTO shop.domain_array VALUES ('{1}')",
  },
  {
    object: 'shop.domain_inside',
    sql: 'CREATE TYPE shop.with_domain AS (a int, d shop.d_leak); CREATE TABLE shop.domain_inside (c shop.with_domain)',
    call: 'INSERT INTO shop.domain_inside VALUES (ROW(1, 2))',
  },
  {
    object: 'shop.key_default',
    sql: `CREATE TABLE shop.key_default (id int PRIMARY KEY); INSERT INTO shop.key_default VALUES (1), (2);
      CREATE TABLE shop.key_default_child (id int DEFAULT shop.leak(1) REFERENCES shop.key_default ON DELETE SET DEFAULT);
      INSERT INTO shop.key_default_child VALUES (2)`,
    call: 'DELETE FROM shop.key_default WHERE id = 2',
  },
]

/** Code whose branches, handlers and arguments decide what it leaves: it leaves nothing. */
export const alikePaths: readonly StoredCase[] = [
  {
    object: 'shop.path_same_parameter',
    sql: plpgsql('shop.path_same_parameter(k bigint)', `BEGIN ${lock('k')} PERFORM 1; ${unlock('k')} END`),
    call: 'SELECT shop.path_same_parameter(120)',
  },
  {
    object: 'shop.path_same_in_sql',
    sql: `CREATE FUNCTION shop.path_same_in_sql(k text) RETURNS boolean LANGUAGE sql
      AS 'SELECT pg_advisory_lock(hashtext(k)); SELECT pg_advisory_unlock(hashtext(k))'`,
    call: "SELECT shop.path_same_in_sql('x')",
  },
  code('path_same_variable', `DECLARE k bigint := hashtextextended('job', 0); BEGIN ${lock('k')} ${unlock('k')} END`),
  code('path_try', `BEGIN IF pg_try_advisory_lock(121) THEN PERFORM 1; ${unlock(121)} END IF; END`),
  code(
    'path_try_or_return',
    `BEGIN IF NOT pg_try_advisory_lock(122) THEN RETURN false; END IF; PERFORM 1; ${unlock(122)} RETURN true; END`,
    'boolean',
  ),
  code(
    'path_try_or_raise',
    `BEGIN IF NOT pg_try_advisory_lock(123) THEN RAISE EXCEPTION 'busy'; END IF; PERFORM 1; ${unlock(123)} END`,
  ),
  code(
    'path_try_in_variable',
    `DECLARE got boolean; BEGIN SELECT pg_try_advisory_lock(124) INTO got; IF got THEN PERFORM 1; ${unlock(124)} END IF; END`,
  ),
  code('path_try_while', `BEGIN WHILE NOT pg_try_advisory_lock(140) LOOP PERFORM 1; END LOOP; ${unlock(140)} END`),
  code('path_try_exit', `BEGIN LOOP EXIT WHEN pg_try_advisory_lock(141); PERFORM 1; END LOOP; ${unlock(141)} END`),
  code('path_try_is_true', `BEGIN IF pg_try_advisory_lock(142) IS TRUE THEN ${unlock(142)} END IF; END`),
  code('path_try_last', `BEGIN IF 1 = 1 AND (SELECT pg_try_advisory_lock(143)) THEN ${unlock(143)} END IF; END`),
  code(
    'path_try_declared',
    `DECLARE got boolean := pg_try_advisory_lock(144); BEGIN IF got = false THEN RETURN; END IF; ${unlock(144)} END`,
  ),
  code(
    'path_unlock_assigned',
    `DECLARE u boolean; BEGIN ${lock(145)} u := pg_advisory_unlock(145); ${lock(146)} RETURN pg_advisory_unlock(146); END`,
    'boolean',
  ),
  code(
    'path_same_class',
    `BEGIN ${lock("'pg_class'::regclass::oid::bigint")} ${unlock("'pg_class'::regclass::oid::bigint")} END`,
  ),
  {
    object: 'shop.path_same_expression',
    sql: plpgsql(
      'shop.path_same_expression(k text)',
      `BEGIN ${lock("('x' || md5(k))::bit(64)::bigint")} ${unlock("('x' || md5(k))::bit(64)::bigint")} END`,
    ),
    call: "SELECT shop.path_same_expression('x')",
  },
  {
    object: 'shop.path_same_row',
    sql: `CREATE TABLE shop.path_same_row (id int); ${plpgsql('shop.path_same_row_f()', `BEGIN ${lock('NEW.id')} ${unlock('NEW.id')} RETURN NEW; END`, 'trigger')}
      CREATE TRIGGER t BEFORE INSERT ON shop.path_same_row FOR EACH ROW EXECUTE FUNCTION shop.path_same_row_f()`,
    call: 'INSERT INTO shop.path_same_row VALUES (147)',
  },
  code(
    'path_loop',
    `DECLARE r record; BEGIN FOR r IN SELECT g FROM generate_series(1, 3) g LOOP ${lock('r.g')} ${unlock('r.g')} END LOOP; END`,
  ),
  code(
    'path_handler_releases',
    `BEGIN ${lock(125)} BEGIN PERFORM 1; EXCEPTION WHEN OTHERS THEN ${unlock(125)} RAISE; END; ${unlock(125)} END`,
  ),
  code(
    'path_both_release',
    `BEGIN ${lock(126)} BEGIN PERFORM 1 / 0; ${unlock(126)} EXCEPTION WHEN OTHERS THEN ${unlock(126)} END; END`,
  ),
  code('path_branch_resets', `BEGIN IF true THEN SET app.b = 'x'; PERFORM 1; RESET app.b; END IF; END`),
  code(
    'path_restores_behind_return',
    `DECLARE old text := current_setting('app.a', true);
     BEGIN IF 1 = 2 THEN RETURN; END IF; FOR i IN 1..2 LOOP ${setA}; END LOOP; PERFORM set_config('app.a', old, false); END`,
  ),
  code('path_loop_temporary', 'BEGIN FOR i IN 1..2 LOOP CREATE TEMP TABLE tl (i int); DROP TABLE tl; END LOOP; END'),
  code('path_undone', `BEGIN BEGIN ${setA}; RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END`),
  code(
    'path_undone_temporary',
    "BEGIN CREATE TEMP TABLE tu (i int); RAISE EXCEPTION USING ERRCODE = 'P0099'; EXCEPTION WHEN SQLSTATE 'P0099' THEN RETURN; END",
  ),
  {
    object: 'shop.path_rollback',
    sql: `CREATE PROCEDURE shop.path_rollback() LANGUAGE plpgsql AS $$ BEGIN ${setA}; CREATE TEMP TABLE tr (i int); ROLLBACK; END $$`,
    call: 'CALL shop.path_rollback()',
  },
  {
    object: 'shop.path_commits',
    sql: `CREATE PROCEDURE shop.path_commits() LANGUAGE plpgsql AS $$ BEGIN ${lock(127)} FOR i IN 1..2 LOOP COMMIT; END LOOP; ${unlock(127)} END $$`,
    call: 'CALL shop.path_commits()',
  },
  code('argument_true', "BEGIN PERFORM shop.set_where('x', true); END"),
  code('argument_by_default', "BEGIN PERFORM shop.set_where('x'); END"),
  code('argument_by_name', "BEGIN PERFORM shop.set_where(is_local => true, v => 'x'); END"),
  code('argument_passed_on', "DECLARE l CONSTANT boolean := true; BEGIN PERFORM shop.set_where('x', l); END"),
  {
    object: 'shop.argument_of_alias',
    sql: `${plpgsql('shop.by_alias(text, boolean)', "DECLARE v ALIAS FOR $1; l ALIAS FOR $2; BEGIN PERFORM set_config('app.a', v, l); END")}
      ${plpgsql('shop.by_full_name(l boolean)', "BEGIN PERFORM set_config('app.a', 'x', by_full_name.l); END")}
      ${plpgsql('shop.argument_of_alias()', "BEGIN PERFORM shop.by_alias('x', true); PERFORM shop.by_full_name(true); END")}`,
    call: 'SELECT shop.argument_of_alias()',
  },
  {
    object: 'shop.v_of_type',
    sql: 'CREATE TABLE shop.integers (n int); INSERT INTO shop.integers VALUES (1); CREATE VIEW shop.v_of_type AS SELECT shop.by_type(n)::text FROM shop.integers',
    call: 'SELECT * FROM shop.v_of_type',
  },
  code('argument_same_lock', 'BEGIN PERFORM shop.take(128); PERFORM shop.give(128); END'),
  code('argument_given', 'BEGIN PERFORM shop.with_leak(1); END'),
  code('argument_integer', 'BEGIN PERFORM shop.by_type(1); END'),
  code('text_local', "DECLARE s text := format('SET LOCAL app.a = %L', 'x'); BEGIN EXECUTE s; END"),
  code('text_using_true', "BEGIN EXECUTE 'SELECT set_config($1, $2, $3)' USING 'app.a', 'x', true; END"),
  code(
    'text_restores',
    "DECLARE old text := current_setting('search_path');\nBEGIN SET search_path = shop; EXECUTE 'SET search_path = ' || old; END",
  ),
  {
    object: 'shop.part_statement',
    sql: `CREATE TABLE shop.part_statement (id int, n int) PARTITION BY LIST (id);
      CREATE TABLE shop.part_statement_1 PARTITION OF shop.part_statement DEFAULT;
      ALTER TABLE shop.part_statement_1 ALTER n SET DEFAULT shop.leak(1);
      CREATE TRIGGER s AFTER INSERT ON shop.part_statement_1 EXECUTE FUNCTION shop.t_statement_f()`,
    call: 'INSERT INTO shop.part_statement (id) VALUES (1)',
  },
  {
    object: 'shop.key_null',
    sql: `CREATE TABLE shop.key_null (id int PRIMARY KEY); INSERT INTO shop.key_null VALUES (1);
      CREATE TABLE shop.key_null_child (id int REFERENCES shop.key_null ON DELETE SET NULL, n int DEFAULT shop.leak(1));
      INSERT INTO shop.key_null_child VALUES (1, 1)`,
    call: 'DELETE FROM shop.key_null',
  },
]
