import { plpgsql, setA, table, trigger } from './stage.ts'

/** An object of the schema `shop`, and a statement that runs its code. */
export interface StoredCase {
  /** The object that a finding names, or that no finding may name. */
  readonly object: string
  readonly sql: string
  readonly call: string
  /** The first major version of PostgreSQL that has it. */
  readonly since?: number
}

/** Code that changes the session of its caller. */
export const hidden: readonly StoredCase[] = [
  {
    object: 'shop.set_plpgsql',
    sql: plpgsql('shop.set_plpgsql()', "BEGIN SET app.a = 'x'; END"),
    call: 'SELECT shop.set_plpgsql()',
  },
  {
    object: 'shop.set_config_sql',
    sql: `CREATE FUNCTION shop.set_config_sql(t text) RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.a', t, false) $$`,
    call: "SELECT shop.set_config_sql('x')",
  },
  {
    object: 'shop.set_atomic',
    since: 14,
    sql: `CREATE FUNCTION shop.set_atomic() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT set_config('app.a', 'x', false); END`,
    call: 'SELECT shop.set_atomic()',
  },
  {
    object: 'shop.set_return',
    since: 14,
    sql: `CREATE FUNCTION shop.set_return() RETURNS text LANGUAGE sql RETURN set_config('app.a', 'x', false)`,
    call: 'SELECT shop.set_return()',
  },
  {
    object: 'shop.set_procedure',
    sql: `CREATE PROCEDURE shop.set_procedure() LANGUAGE plpgsql AS $$ BEGIN SET app.a = 'x'; END $$`,
    call: 'CALL shop.set_procedure()',
  },
  {
    object: 'shop.commits',
    sql: `CREATE PROCEDURE shop.commits() LANGUAGE plpgsql AS $$ BEGIN ${setA}; COMMIT; PERFORM 1; END $$`,
    call: 'CALL shop.commits()',
  },
  {
    object: 'shop.in_branch',
    sql: plpgsql('shop.in_branch(b boolean)', `BEGIN IF b THEN ${setA}; END IF; END`),
    call: 'SELECT shop.in_branch(true)',
  },
  {
    object: 'shop.in_loop',
    sql: plpgsql('shop.in_loop()', `DECLARE i int; BEGIN FOR i IN 1..2 LOOP ${setA}; END LOOP; END`),
    call: 'SELECT shop.in_loop()',
  },
  {
    object: 'shop.in_handler',
    sql: plpgsql('shop.in_handler()', `BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN ${setA}; END`),
    call: 'SELECT shop.in_handler()',
  },
  {
    object: 'shop.despite_clause',
    sql: plpgsql('shop.despite_clause()', 'BEGIN SET search_path = other; END', 'void', 'SET search_path = shop'),
    call: 'SELECT shop.despite_clause()',
  },
  {
    object: 'shop.null_is_session',
    sql: `CREATE FUNCTION shop.null_is_session() RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.a', 'x', NULL) $$`,
    call: 'SELECT shop.null_is_session()',
  },
  {
    object: 'shop.dynamic_constant',
    sql: plpgsql('shop.dynamic_constant()', "BEGIN EXECUTE 'SET app.a = 1'; END"),
    call: 'SELECT shop.dynamic_constant()',
  },
  {
    object: 'shop.lock',
    sql: `CREATE FUNCTION shop.lock() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_lock(1)'`,
    call: 'SELECT shop.lock()',
  },
  {
    object: 'shop.locks_too_often',
    sql: plpgsql(
      'shop.locks_too_often()',
      'BEGIN PERFORM pg_advisory_lock(2); PERFORM pg_advisory_lock(2); PERFORM pg_advisory_unlock(2); END',
    ),
    call: 'SELECT shop.locks_too_often()',
  },
  {
    object: 'shop.unlocks_another',
    sql: plpgsql('shop.unlocks_another()', 'BEGIN PERFORM pg_advisory_lock(3); PERFORM pg_advisory_unlock(4); END'),
    call: 'SELECT shop.unlocks_another()',
  },
  {
    object: 'shop.listens',
    sql: plpgsql('shop.listens()', 'BEGIN LISTEN news; END'),
    call: 'SELECT shop.listens()',
  },
  {
    object: 'shop.temporary',
    sql: plpgsql('shop.temporary()', 'BEGIN CREATE TEMP TABLE IF NOT EXISTS scratch (id int); END'),
    call: 'SELECT shop.temporary()',
  },
  {
    object: 'shop.sets_role',
    sql: plpgsql('shop.sets_role()', 'BEGIN SET ROLE pg_monitor; END'),
    call: 'SELECT shop.sets_role()',
  },
  {
    object: 'shop.calls',
    sql: plpgsql('shop.calls()', 'BEGIN PERFORM shop.leak(1); END'),
    call: 'SELECT shop.calls()',
  },
  {
    object: 'shop.calls_assigned',
    sql: plpgsql('shop.calls_assigned()', 'DECLARE x int; BEGIN x := shop.leak(1); END'),
    call: 'SELECT shop.calls_assigned()',
  },
  {
    object: 'shop.calls_calls',
    sql: `CREATE FUNCTION shop.calls_calls() RETURNS void LANGUAGE sql AS 'SELECT shop.calls()'`,
    call: 'SELECT shop.calls_calls()',
  },
  {
    object: 'shop.calls_by_path',
    sql: plpgsql('shop.calls_by_path()', 'BEGIN PERFORM leak(1); END', 'void', 'SET search_path = shop'),
    call: 'SELECT shop.calls_by_path()',
  },
  {
    object: 'shop.calls_lock',
    sql: plpgsql('shop.calls_lock()', 'BEGIN PERFORM shop.lock_it(); END'),
    call: 'SELECT shop.calls_lock()',
  },
  {
    object: 'shop.recursive',
    sql: plpgsql(
      'shop.recursive(n int)',
      `BEGIN IF n > 0 THEN PERFORM shop.recursive(n - 1); ELSE ${setA}; END IF; END`,
    ),
    call: 'SELECT shop.recursive(2)',
  },
  {
    object: 'shop.t_insert',
    sql:
      table('shop.t_insert') +
      trigger('shop.t_insert', setA, 'BEFORE INSERT ON shop.t_insert').replace('TRIGGER shop.', 'TRIGGER '),
    call: 'INSERT INTO shop.t_insert VALUES (1)',
  },
  {
    object: 'shop.writes_to_trigger',
    sql: plpgsql('shop.writes_to_trigger()', 'BEGIN INSERT INTO shop.t_insert VALUES (2); END'),
    call: 'SELECT shop.writes_to_trigger()',
  },
  {
    object: 'shop.t_when',
    sql: `${table('shop.t_when')} CREATE FUNCTION shop.t_when_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER t_when BEFORE INSERT ON shop.t_when FOR EACH ROW WHEN (shop.leak(NEW.id) > 0) EXECUTE FUNCTION shop.t_when_f()`,
    call: 'INSERT INTO shop.t_when VALUES (1)',
  },
  {
    object: 'shop.t_default',
    sql: table('shop.t_default', 'id int, n int DEFAULT shop.leak(1)'),
    call: 'INSERT INTO shop.t_default (id) VALUES (1)',
  },
  {
    object: 'shop.t_generated',
    sql: table('shop.t_generated', 'id int, n int GENERATED ALWAYS AS (shop.leak_fixed(id)) STORED'),
    call: 'INSERT INTO shop.t_generated (id) VALUES (1)',
  },
  {
    object: 'shop.t_check',
    sql: table('shop.t_check', 'id int CHECK (shop.leak(id) > 0)'),
    call: 'INSERT INTO shop.t_check VALUES (1)',
  },
  {
    object: 'shop.t_index',
    sql: `${table('shop.t_index')} CREATE INDEX ON shop.t_index (shop.leak_fixed(id))`,
    call: 'INSERT INTO shop.t_index VALUES (1)',
  },
  {
    object: 'shop.t_policy',
    sql: `${table('shop.t_policy')} INSERT INTO shop.t_policy VALUES (1); ALTER TABLE shop.t_policy ENABLE ROW LEVEL SECURITY;
      ALTER TABLE shop.t_policy FORCE ROW LEVEL SECURITY; CREATE POLICY p ON shop.t_policy USING (shop.leak_ok(id))`,
    call: 'SELECT * FROM shop.t_policy',
  },
  {
    object: 'shop.t_rule',
    sql: `${table('shop.t_rule')} CREATE RULE r AS ON INSERT TO shop.t_rule DO ALSO SELECT shop.leak(1)`,
    call: 'INSERT INTO shop.t_rule VALUES (1)',
  },
  {
    object: 'shop.t_parent',
    sql: `CREATE TABLE shop.t_parent (id int PRIMARY KEY); INSERT INTO shop.t_parent VALUES (1);
      CREATE TABLE shop.t_child (id int REFERENCES shop.t_parent ON DELETE CASCADE); INSERT INTO shop.t_child VALUES (1);
      ${trigger('shop.t_child_d', setA, 'BEFORE DELETE ON shop.t_child').replace('TRIGGER shop.', 'TRIGGER ')}`,
    call: 'DELETE FROM shop.t_parent',
  },
  {
    object: 'shop.t_parts',
    sql: `CREATE TABLE shop.t_parts (id int) PARTITION BY LIST (id); CREATE TABLE shop.t_part PARTITION OF shop.t_parts DEFAULT;
      ${trigger('shop.t_part_i', setA, 'BEFORE INSERT ON shop.t_part').replace('TRIGGER shop.', 'TRIGGER ')}`,
    call: 'INSERT INTO shop.t_parts VALUES (1)',
  },
  {
    object: 'shop.v_leak',
    sql: 'CREATE VIEW shop.v_leak AS SELECT shop.leak(1) AS n',
    call: 'SELECT * FROM shop.v_leak',
  },
  {
    object: 'shop.v_of_view',
    sql: 'CREATE VIEW shop.v_of_view AS SELECT n + 1 AS n FROM shop.v_leak',
    call: 'SELECT * FROM shop.v_of_view',
  },
  {
    object: 'shop.v_writes',
    sql: 'CREATE VIEW shop.v_writes AS SELECT id FROM shop.t_insert',
    call: 'INSERT INTO shop.v_writes VALUES (1)',
  },
  {
    object: 'shop.m_lock',
    sql: 'CREATE MATERIALIZED VIEW shop.m_lock AS SELECT shop.lock_it() IS NULL AS n WITH NO DATA',
    call: 'REFRESH MATERIALIZED VIEW shop.m_lock',
  },
  {
    object: 'shop.d_leak',
    sql: 'CREATE DOMAIN shop.d_leak AS int CHECK (shop.leak(VALUE) > 0)',
    call: 'SELECT 1::shop.d_leak',
  },
  {
    object: 'shop.t_domain',
    sql: table('shop.t_domain', 'id shop.d_leak'),
    call: 'INSERT INTO shop.t_domain VALUES (1)',
  },
  {
    object: 'shop.@#@',
    sql: `CREATE FUNCTION shop.op_f(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT shop.leak(a)';
      CREATE OPERATOR shop.@#@ (LEFTARG = int, RIGHTARG = int, FUNCTION = shop.op_f)`,
    call: 'SELECT 1 OPERATOR(shop.@#@) 2',
  },
  {
    object: 'shop.uses_operator',
    sql: `CREATE FUNCTION shop.uses_operator() RETURNS int LANGUAGE sql AS 'SELECT 1 OPERATOR(shop.@#@) 2'`,
    call: 'SELECT shop.uses_operator()',
  },
  {
    object: 'shop.pair',
    sql: `CREATE TYPE shop.pair AS (a int, b int);
      CREATE FUNCTION shop.to_pair(i int) RETURNS shop.pair LANGUAGE plpgsql AS 'BEGIN ${setA.replaceAll("'", "''")}; RETURN (i, i); END';
      CREATE CAST (int AS shop.pair) WITH FUNCTION shop.to_pair(int)`,
    call: 'SELECT (1 + 0)::shop.pair',
  },
  {
    object: 'shop.total',
    sql: `CREATE FUNCTION shop.total_s(s int, v int) RETURNS int LANGUAGE sql AS 'SELECT coalesce(s, 0) + shop.leak(v)';
      CREATE AGGREGATE shop.total(int) (SFUNC = shop.total_s, STYPE = int)`,
    call: 'SELECT shop.total(n) FROM (VALUES (1)) t(n)',
  },
  {
    object: 'Odd "one%.it\'s',
    sql: plpgsql(`"Odd ""one%"."it's"()`, `BEGIN ${setA}; END`),
    call: `SELECT "Odd ""one%"."it's"()`,
  },
  {
    object: 'shop.over',
    sql: `${plpgsql('shop.over()', 'BEGIN END')} ${plpgsql('shop.over(i int)', `BEGIN ${setA}; END`)}`,
    call: 'SELECT shop.over(1)',
  },
  {
    object: 'shop.calls_default',
    sql: `${plpgsql('shop.with_default(a int, b int DEFAULT 2)', `BEGIN ${setA}; END`)} ${plpgsql('shop.calls_default()', 'BEGIN PERFORM shop.with_default(1); END')}`,
    call: 'SELECT shop.calls_default()',
  },
  {
    object: 'shop.inner_block',
    sql: plpgsql('shop.inner_block()', `BEGIN BEGIN ${setA}; END; END`),
    call: 'SELECT shop.inner_block()',
  },
  {
    object: 'shop.query_loop',
    sql: plpgsql('shop.query_loop()', 'DECLARE r record; BEGIN FOR r IN SELECT shop.leak(1) LOOP NULL; END LOOP; END'),
    call: 'SELECT shop.query_loop()',
  },
  {
    object: 'shop.merges',
    since: 15,
    sql: plpgsql(
      'shop.merges()',
      'BEGIN MERGE INTO shop.t_insert USING (SELECT 9 AS id) s ON false WHEN NOT MATCHED THEN INSERT VALUES (s.id); END',
    ),
    call: 'SELECT shop.merges()',
  },
  {
    object: 'shop.returns_query',
    sql: plpgsql('shop.returns_query()', 'BEGIN RETURN QUERY SELECT shop.leak(1); END', 'SETOF int'),
    call: 'SELECT * FROM shop.returns_query()',
  },
]
