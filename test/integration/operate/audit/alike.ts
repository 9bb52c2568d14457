import type { StoredCase } from './hidden.ts'
import { plpgsql, setA } from './stage.ts'

/** Code that looks as if it changed the session of its caller, and does not. */
export const alike: readonly StoredCase[] = [
  {
    object: 'shop.local_config',
    sql: `CREATE FUNCTION shop.local_config(t text) RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.a', t, true) $$`,
    call: "SELECT shop.local_config('x')",
  },
  {
    object: 'shop.set_local',
    sql: plpgsql('shop.set_local()', "BEGIN SET LOCAL app.a = 'x'; END"),
    call: 'SELECT shop.set_local()',
  },
  {
    object: 'shop.clause',
    sql: plpgsql(
      'shop.clause()',
      'BEGIN PERFORM 1; END',
      'void',
      "SECURITY DEFINER SET search_path = other SET work_mem = '1MB'",
    ),
    call: 'SELECT shop.clause()',
  },
  {
    object: 'shop.only_words',
    sql: plpgsql(
      'shop.only_words()',
      "BEGIN -- SET app.a = 1; set_config('a', 'b', false)\n RAISE DEBUG 'SET app.a = 1; LISTEN x; pg_advisory_lock(1)'; END",
    ),
    call: 'SELECT shop.only_words()',
  },
  {
    object: 'shop.xact_lock',
    sql: `CREATE FUNCTION shop.xact_lock() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_xact_lock(1)'`,
    call: 'SELECT shop.xact_lock()',
  },
  {
    object: 'shop.lock_unlock',
    sql: plpgsql(
      'shop.lock_unlock()',
      'BEGIN PERFORM pg_advisory_lock(5); PERFORM count(*) FROM pg_class; PERFORM pg_advisory_unlock(5); END',
    ),
    call: 'SELECT shop.lock_unlock()',
  },
  {
    object: 'shop.helpers_lock_unlock',
    sql: plpgsql('shop.helpers_lock_unlock()', 'BEGIN PERFORM shop.lock_it(); PERFORM shop.unlock_it(); END'),
    call: 'SELECT shop.helpers_lock_unlock()',
  },
  {
    object: 'shop.sql_lock_unlock',
    sql: `CREATE FUNCTION shop.sql_lock_unlock() RETURNS boolean LANGUAGE sql AS 'SELECT pg_advisory_lock(6); SELECT pg_advisory_unlock(6)'`,
    call: 'SELECT shop.sql_lock_unlock()',
  },
  {
    object: 'shop.temp_on_commit',
    sql: plpgsql('shop.temp_on_commit()', 'BEGIN CREATE TEMP TABLE once (id int) ON COMMIT DROP; END'),
    call: 'SELECT shop.temp_on_commit()',
  },
  {
    object: 'shop.temp_dropped',
    sql: plpgsql('shop.temp_dropped()', 'BEGIN CREATE TEMP TABLE twice (id int); DROP TABLE twice; END'),
    call: 'SELECT shop.temp_dropped()',
  },
  {
    object: 'shop.notifies',
    sql: plpgsql('shop.notifies()', "BEGIN PERFORM pg_notify('news', 'x'); NOTIFY news; END"),
    call: 'SELECT shop.notifies()',
  },
  {
    object: 'shop.reads',
    sql: `CREATE FUNCTION shop.reads() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('app.a', true) $$`,
    call: 'SELECT shop.reads()',
  },
  {
    object: 'shop.calls_pure',
    sql: plpgsql('shop.calls_pure()', 'BEGIN PERFORM shop.pure(1); END'),
    call: 'SELECT shop.calls_pure()',
  },
  {
    object: 'shop.calls_other',
    sql: `${plpgsql('other.leak(i int)', 'BEGIN RETURN i; END', 'int')} ${plpgsql('shop.calls_other()', 'BEGIN PERFORM other.leak(1); END')}`,
    call: 'SELECT shop.calls_other()',
  },
  {
    object: 'shop.by_path_other',
    sql: plpgsql('shop.by_path_other()', 'BEGIN PERFORM leak(1); END', 'void', 'SET search_path = other, shop'),
    call: 'SELECT shop.by_path_other()',
  },
  {
    object: 'shop.built_in_first',
    sql: `${plpgsql('shop.lower(t text)', `BEGIN ${setA}; RETURN t; END`, 'text')} ${plpgsql('shop.built_in_first()', "BEGIN PERFORM lower('X'); END", 'void', 'SET search_path = shop')}`,
    call: 'SELECT shop.built_in_first()',
  },
  {
    object: 'shop.overload',
    sql: `${plpgsql('other.overload()', 'BEGIN END')} ${plpgsql('shop.overload()', 'BEGIN PERFORM other.overload(); END')}`,
    call: 'SELECT shop.overload()',
  },
  {
    object: 'shop.a_disabled',
    sql: `CREATE TABLE shop.a_disabled (id int); CREATE FUNCTION shop.a_disabled_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${setA}; RETURN NEW; END $$;
      CREATE TRIGGER t BEFORE INSERT ON shop.a_disabled FOR EACH ROW EXECUTE FUNCTION shop.a_disabled_f(); ALTER TABLE shop.a_disabled DISABLE TRIGGER t`,
    call: 'INSERT INTO shop.a_disabled VALUES (1)',
  },
  {
    object: 'shop.a_harmless_trigger',
    sql: `CREATE TABLE shop.a_harmless_trigger (id int); CREATE FUNCTION shop.a_ht_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.a', 'x', true); RETURN NEW; END $$;
      CREATE TRIGGER t BEFORE INSERT ON shop.a_harmless_trigger FOR EACH ROW EXECUTE FUNCTION shop.a_ht_f()`,
    call: 'INSERT INTO shop.a_harmless_trigger VALUES (1)',
  },
  {
    object: 'shop.a_policy_off',
    sql: `CREATE TABLE shop.a_policy_off (id int); INSERT INTO shop.a_policy_off VALUES (1); CREATE POLICY p ON shop.a_policy_off USING (shop.leak_ok(id))`,
    call: 'SELECT * FROM shop.a_policy_off',
  },
  {
    object: 'shop.a_policy_reads',
    sql: `CREATE TABLE shop.a_policy_reads (id int, tenant text); ALTER TABLE shop.a_policy_reads ENABLE ROW LEVEL SECURITY;
      CREATE POLICY p ON shop.a_policy_reads USING (tenant = current_setting('app.a', true))`,
    call: 'SELECT * FROM shop.a_policy_reads',
  },
  {
    object: 'shop.a_serial',
    sql: `CREATE TABLE shop.a_serial (id serial, at timestamptz DEFAULT now(), u uuid DEFAULT gen_random_uuid())`,
    call: 'INSERT INTO shop.a_serial DEFAULT VALUES',
  },
  {
    object: 'shop.writes_other_event',
    sql: `CREATE TABLE shop.only_delete (id int); CREATE FUNCTION shop.only_delete_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${setA}; RETURN OLD; END $$;
      CREATE TRIGGER t BEFORE DELETE ON shop.only_delete FOR EACH ROW EXECUTE FUNCTION shop.only_delete_f();
      ${plpgsql('shop.writes_other_event()', 'BEGIN INSERT INTO shop.only_delete VALUES (1); END')}`,
    call: 'SELECT shop.writes_other_event()',
  },
  {
    object: 'shop.gives_the_default',
    sql: `CREATE TABLE shop.some_default (id int, n int DEFAULT shop.leak(1));
      ${plpgsql('shop.gives_the_default()', 'BEGIN INSERT INTO shop.some_default (id, n) VALUES (1, 2); END')}`,
    call: 'SELECT shop.gives_the_default()',
  },
  {
    object: 'shop.a_view',
    sql: 'CREATE VIEW shop.a_view AS SELECT shop.pure(1) AS n',
    call: 'SELECT * FROM shop.a_view',
  },
  {
    object: 'shop.a_materialized',
    sql: 'CREATE MATERIALIZED VIEW shop.a_materialized AS SELECT shop.leak(1) AS n WITH NO DATA',
    call: 'REFRESH MATERIALIZED VIEW shop.a_materialized',
  },
  {
    object: 'shop.a_domain',
    sql: 'CREATE DOMAIN shop.a_domain AS int CHECK (VALUE > 0)',
    call: 'SELECT 1::shop.a_domain',
  },
  {
    object: 'shop.query_named_like_a_table',
    sql: plpgsql(
      'shop.query_named_like_a_table()',
      'BEGIN PERFORM * FROM (WITH v_leak AS (SELECT 1) SELECT * FROM v_leak) q; END',
      'void',
      'SET search_path = shop',
    ),
    call: 'SELECT shop.query_named_like_a_table()',
  },
  {
    object: 'shop.explains',
    sql: plpgsql(
      'shop.explains()',
      'DECLARE r record; BEGIN FOR r IN EXPLAIN SELECT shop.leak(id) FROM (VALUES (1)) t(id) LOOP NULL; END LOOP; END',
    ),
    call: 'SELECT shop.explains()',
  },
]
