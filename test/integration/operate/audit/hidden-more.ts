import type { StoredCase } from './hidden.ts'
import { plpgsql, setA } from './stage.ts'

/** More code that changes the session: texts that are put together, kinds of state, ways to reach code. */
export const hiddenMore: readonly StoredCase[] = [
  {
    object: 'shop.dynamic_format',
    sql: plpgsql('shop.dynamic_format(t text)', "BEGIN EXECUTE format('SET app.a = %L', t); END"),
    call: "SELECT shop.dynamic_format('x')",
  },
  {
    object: 'shop.dynamic_name',
    sql: plpgsql('shop.dynamic_name(n text)', "BEGIN EXECUTE format('SET %I = %L', n, 'x'); END"),
    call: "SELECT shop.dynamic_name('application_name')",
  },
  {
    object: 'shop.dynamic_joined',
    sql: plpgsql('shop.dynamic_joined(t text)', "BEGIN EXECUTE 'SET app.a = ' || quote_literal(t); END"),
    call: "SELECT shop.dynamic_joined('x')",
  },
  {
    object: 'shop.dynamic_bare',
    sql: plpgsql('shop.dynamic_bare(t text)', "BEGIN EXECUTE 'SET app.a = ' || t; END"),
    call: "SELECT shop.dynamic_bare('x')",
  },
  {
    object: 'shop.dynamic_call',
    sql: plpgsql('shop.dynamic_call()', "BEGIN EXECUTE 'SELECT shop.leak(1)'; END"),
    call: 'SELECT shop.dynamic_call()',
  },
  {
    object: 'shop.dynamic_temporary',
    sql: plpgsql('shop.dynamic_temporary(n text)', "BEGIN EXECUTE format('CREATE TEMP TABLE %I (id int)', n); END"),
    call: "SELECT shop.dynamic_temporary('scratch_2')",
  },
  {
    object: 'shop.prepares',
    sql: plpgsql('shop.prepares()', "BEGIN EXECUTE 'PREPARE p AS SELECT 1'; END"),
    call: 'SELECT shop.prepares()',
  },
  {
    object: 'shop.holds_cursor',
    sql: plpgsql('shop.holds_cursor()', "BEGIN EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT 1'; END"),
    call: 'SELECT shop.holds_cursor()',
  },
  {
    object: 'shop.tries_lock',
    sql: `CREATE FUNCTION shop.tries_lock() RETURNS boolean LANGUAGE sql AS 'SELECT pg_try_advisory_lock(hashtext(''x''))'`,
    call: 'SELECT shop.tries_lock()',
  },
  {
    object: 'shop.shared_lock',
    sql: `CREATE FUNCTION shop.shared_lock() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_lock_shared(1, 2)'`,
    call: 'SELECT shop.shared_lock()',
  },
  {
    object: 'shop.set_zone',
    sql: plpgsql('shop.set_zone()', "BEGIN SET TIME ZONE 'Asia/Tokyo'; END"),
    call: 'SELECT shop.set_zone()',
  },
  {
    object: 'shop.temporary_view',
    sql: plpgsql('shop.temporary_view()', 'BEGIN CREATE TEMP VIEW tv AS SELECT 1 AS n; END'),
    call: 'SELECT shop.temporary_view()',
  },
  {
    object: 'shop.default_argument',
    sql: `CREATE FUNCTION shop.default_argument(i int DEFAULT shop.leak(1)) RETURNS int LANGUAGE sql AS 'SELECT i'`,
    call: 'SELECT shop.default_argument()',
  },
  {
    object: 'shop.calls_out',
    since: 14,
    sql: `CREATE PROCEDURE shop.with_out(i int, OUT o int) LANGUAGE plpgsql AS $$ BEGIN ${setA}; o := i; END $$;
      ${plpgsql('shop.calls_out()', 'DECLARE x int; BEGIN CALL shop.with_out(1, x); END')}`,
    call: 'SELECT shop.calls_out()',
  },
  {
    object: 'shop.t_domain_default',
    sql: 'CREATE DOMAIN shop.d_default AS int DEFAULT shop.leak(1); CREATE TABLE shop.t_domain_default (id int, n shop.d_default)',
    call: 'INSERT INTO shop.t_domain_default (id) VALUES (1)',
  },
  {
    object: 'shop.v_instead',
    sql: `CREATE VIEW shop.v_instead AS SELECT 1 AS id; CREATE FUNCTION shop.v_instead_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${setA}; RETURN NEW; END $$;
      CREATE TRIGGER i INSTEAD OF INSERT ON shop.v_instead FOR EACH ROW EXECUTE FUNCTION shop.v_instead_f()`,
    call: 'INSERT INTO shop.v_instead VALUES (1)',
  },
  {
    object: 'shop.t_statement',
    sql: `CREATE TABLE shop.t_statement (id int); CREATE FUNCTION shop.t_statement_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${setA}; RETURN NULL; END $$;
      CREATE TRIGGER s AFTER TRUNCATE ON shop.t_statement EXECUTE FUNCTION shop.t_statement_f()`,
    call: 'TRUNCATE shop.t_statement',
  },
  {
    object: 'shop.t_deferred',
    sql: `CREATE TABLE shop.t_deferred (id int); CREATE FUNCTION shop.t_deferred_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${setA}; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER d AFTER INSERT ON shop.t_deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.t_deferred_f()`,
    call: 'INSERT INTO shop.t_deferred VALUES (1)',
  },
  {
    object: 'shop.opens_cursor',
    sql: plpgsql(
      'shop.opens_cursor()',
      'DECLARE c CURSOR FOR SELECT shop.leak(1); n int; BEGIN OPEN c; FETCH c INTO n; CLOSE c; END',
    ),
    call: 'SELECT shop.opens_cursor()',
  },
  {
    object: 'shop.restores_another',
    sql: plpgsql(
      'shop.restores_another()',
      "DECLARE old text := current_setting('app.b', true); BEGIN PERFORM set_config('app.a', 'x', false); PERFORM set_config('app.b', old, false); END",
    ),
    call: 'SELECT shop.restores_another()',
  },
  {
    object: 'shop.sets_if_different',
    sql: plpgsql(
      'shop.sets_if_different(old text)',
      "BEGIN IF old = current_setting('app.a', true) THEN RETURN; END IF; PERFORM set_config('app.a', old, false); END",
    ),
    call: "SELECT shop.sets_if_different('x')",
  },
  {
    object: 'shop.saves_too_late',
    sql: plpgsql(
      'shop.saves_too_late()',
      "DECLARE old text; BEGIN PERFORM set_config('app.a', 'x', false); old := current_setting('app.a', true); PERFORM set_config('app.a', old, false); END",
    ),
    call: 'SELECT shop.saves_too_late()',
  },
]

/** Code that looks as if it changed the session of its caller, and does not. */
export const alikeMore: readonly StoredCase[] = [
  {
    object: 'shop.dynamic_harmless',
    sql: plpgsql(
      'shop.dynamic_harmless(t text)',
      "DECLARE n int; BEGIN EXECUTE format('SELECT count(*) FROM %I WHERE relname = %L', t, t) INTO n; END",
    ),
    call: "SELECT shop.dynamic_harmless('pg_class')",
  },
  {
    object: 'shop.dynamic_typed',
    sql: plpgsql(
      'shop.dynamic_typed(t text)',
      "DECLARE n int; BEGIN EXECUTE 'SELECT count(*) FROM ' || t::regclass INTO n; END",
    ),
    call: "SELECT shop.dynamic_typed('pg_class')",
  },
  {
    object: 'shop.dynamic_local',
    sql: plpgsql('shop.dynamic_local(t text)', "BEGIN EXECUTE format('SET LOCAL app.a = %L', t); END"),
    call: "SELECT shop.dynamic_local('x')",
  },
  {
    object: 'shop.saves_and_restores',
    sql: plpgsql(
      'shop.saves_and_restores()',
      "DECLARE old text := current_setting('app.a', true); BEGIN PERFORM set_config('app.a', 'x', false); PERFORM 1; PERFORM set_config('app.a', old, false); END",
    ),
    call: 'SELECT shop.saves_and_restores()',
  },
  {
    object: 'shop.saves_by_assignment',
    sql: plpgsql(
      'shop.saves_by_assignment()',
      "DECLARE old text; BEGIN old := coalesce(current_setting('app.a', true), ''); PERFORM set_config('app.a', 'x', false); PERFORM set_config('app.a', coalesce(old, ''), false); END",
    ),
    call: 'SELECT shop.saves_by_assignment()',
  },
  {
    object: 'shop.saves_by_select',
    sql: plpgsql(
      'shop.saves_by_select()',
      "DECLARE old text; BEGIN SELECT current_setting('app.a', true) INTO old; PERFORM set_config('app.a', 'x', false); PERFORM set_config('app.a', old, false); END",
    ),
    call: 'SELECT shop.saves_by_select()',
  },
  {
    object: 'shop.resets',
    sql: plpgsql('shop.resets()', "BEGIN SET app.b = 'x'; RESET app.b; END"),
    call: 'SELECT shop.resets()',
  },
  {
    object: 'shop.clause_of_setting',
    sql: plpgsql('shop.clause_of_setting()', 'BEGIN PERFORM 1; END', 'void', "SET app.a = 'x'"),
    call: 'SELECT shop.clause_of_setting()',
  },
  {
    object: 'shop.a_column_given',
    sql: 'CREATE DOMAIN shop.d_unused AS int DEFAULT 1; CREATE TABLE shop.a_column_given (id int, n shop.d_unused)',
    call: 'INSERT INTO shop.a_column_given (id) VALUES (1)',
  },
  {
    object: 'shop.unattached',
    sql: `CREATE FUNCTION shop.unattached() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${setA}; RETURN NEW; END $$`,
    call: 'SELECT 1',
  },
]
