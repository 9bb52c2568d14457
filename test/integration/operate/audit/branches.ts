import type { StoredCase } from './hidden.ts'
import { plpgsql, setA } from './stage.ts'

/** A table with a trigger whose function has this body. */
function triggered(
  name: string,
  body: string,
  call: string,
  { on = 'BEFORE INSERT OR UPDATE', of = 'EACH ROW', given = '', more = '' } = {},
): StoredCase {
  const returns = of === 'EACH ROW' ? 'RETURN coalesce(NEW, OLD)' : 'RETURN NULL'
  return {
    object: `shop.${name}`,
    sql: `CREATE TABLE shop.${name} (id int); INSERT INTO shop.${name} VALUES (1);
      ${plpgsql(`shop.${name}_f()`, body.includes('RETURN') ? body : `BEGIN ${body} ${returns}; END`, 'trigger')}
      CREATE TRIGGER t ${on} ON shop.${name} FOR ${of} EXECUTE FUNCTION shop.${name}_f(${given}); ${more}`,
    call,
  }
}

const insert = (name: string): string => `INSERT INTO shop.${name} VALUES (1)`

/** Code that reads TG_OP and the like, and changes the session for this statement. */
export const hiddenBranches: readonly StoredCase[] = [
  triggered('b_op', `IF TG_OP = 'DELETE' THEN ${setA}; END IF;`, 'DELETE FROM shop.b_op', {
    on: 'BEFORE INSERT OR DELETE',
  }),
  triggered('b_else', `IF TG_OP = 'DELETE' THEN NULL; ELSE ${setA}; END IF;`, insert('b_else')),
  triggered(
    'b_elsif',
    `IF TG_OP = 'DELETE' THEN NULL; ELSIF TG_OP IN ('INSERT', 'UPDATE') THEN ${setA}; END IF;`,
    insert('b_elsif'),
  ),
  triggered(
    'b_unless',
    `BEGIN IF TG_OP <> 'INSERT' THEN RETURN OLD; END IF; ${setA}; RETURN NEW; END`,
    insert('b_unless'),
  ),
  triggered(
    'b_case',
    `CASE lower(TG_OP) WHEN 'delete' THEN NULL; WHEN 'insert' THEN ${setA}; ELSE NULL; END CASE;`,
    insert('b_case'),
  ),
  triggered('b_and', `IF TG_OP = 'INSERT' AND NEW.id > 0 THEN ${setA}; END IF;`, insert('b_and')),
  triggered('b_or', `IF TG_OP = 'DELETE' OR NEW.id > 0 THEN ${setA}; END IF;`, insert('b_or')),
  triggered('b_condition', `IF shop.leak(1) = 1 AND TG_OP = 'DELETE' THEN NULL; END IF;`, insert('b_condition')),
  triggered(
    'b_statement',
    `IF TG_LEVEL = 'STATEMENT' AND TG_WHEN = 'AFTER' THEN ${setA}; END IF;`,
    insert('b_statement'),
    {
      on: 'AFTER INSERT',
      of: 'EACH STATEMENT',
    },
  ),
  triggered(
    'b_table',
    `IF TG_TABLE_NAME = 'b_table' AND TG_TABLE_SCHEMA = 'shop' THEN ${setA}; END IF;`,
    insert('b_table'),
  ),
  triggered('b_argument', `PERFORM set_config(TG_ARGV[0], 'x', TG_ARGV[1]::boolean);`, insert('b_argument'), {
    given: "'app.a', 'false'",
  }),
  triggered('b_built', `EXECUTE format('SET %s = 1', TG_ARGV[0]);`, insert('b_built'), { given: "'app.a'" }),
  triggered('b_count', `IF TG_NARGS >= 1 AND TG_ARGV[0] = 'session' THEN ${setA}; END IF;`, insert('b_count'), {
    given: "'session'",
  }),
  triggered(
    'b_hidden_name',
    `DECLARE tg_op text := 'DELETE'; BEGIN IF tg_op = 'DELETE' THEN ${setA}; END IF; RETURN NEW; END`,
    insert('b_hidden_name'),
  ),
  triggered(
    'b_copy',
    `DECLARE v_op text := TG_OP; BEGIN IF v_op = 'INSERT' THEN ${setA}; END IF; RETURN NEW; END`,
    insert('b_copy'),
  ),
  triggered(
    'b_copy_changed',
    `DECLARE v_op text := TG_OP; BEGIN IF NEW.id > 0 THEN v_op := 'DELETE'; END IF; IF v_op = 'DELETE' THEN ${setA}; END IF; RETURN NEW; END`,
    insert('b_copy_changed'),
  ),
  triggered(
    'b_copy_read',
    `DECLARE v_op text := TG_OP; BEGIN SELECT 'DELETE' INTO v_op; IF v_op = 'DELETE' THEN ${setA}; END IF; RETURN NEW; END`,
    insert('b_copy_read'),
  ),
  triggered('b_assigned', `TG_OP := 'DELETE'; IF TG_OP = 'DELETE' THEN ${setA}; END IF;`, insert('b_assigned')),
  {
    object: 'shop.b_parts',
    sql: `CREATE TABLE shop.b_parts (id int) PARTITION BY LIST (id); CREATE TABLE shop.b_part PARTITION OF shop.b_parts DEFAULT;
      ${plpgsql('shop.b_parts_f()', `BEGIN IF TG_TABLE_NAME = 'b_part' THEN ${setA}; END IF; RETURN NEW; END`, 'trigger')}
      CREATE TRIGGER t BEFORE INSERT ON shop.b_parts FOR EACH ROW EXECUTE FUNCTION shop.b_parts_f()`,
    call: 'INSERT INTO shop.b_parts VALUES (1)',
  },
  {
    object: 'shop.b_exit',
    sql: plpgsql('shop.b_exit()', `BEGIN <<inner>> BEGIN IF true THEN EXIT inner; END IF; END; ${setA}; END`),
    call: 'SELECT shop.b_exit()',
  },
  {
    object: 'shop.b_handled',
    sql: plpgsql(
      'shop.b_handled()',
      `BEGIN BEGIN RAISE EXCEPTION 'x'; EXCEPTION WHEN raise_exception THEN NULL; END; ${setA}; END`,
    ),
    call: 'SELECT shop.b_handled()',
  },
  {
    object: 'shop.b_child',
    sql: `CREATE TABLE shop.b_parent (id int); CREATE TABLE shop.b_child () INHERITS (shop.b_parent); INSERT INTO shop.b_child VALUES (1);
      ${plpgsql('shop.b_child_f()', `BEGIN ${setA}; RETURN OLD; END`, 'trigger')}
      CREATE TRIGGER t BEFORE DELETE ON shop.b_child FOR EACH ROW EXECUTE FUNCTION shop.b_child_f()`,
    call: 'DELETE FROM shop.b_parent',
  },
]

/** Code that reads TG_OP and the like, or never runs, and so leaves the session as it was. */
export const alikeBranches: readonly StoredCase[] = [
  triggered('n_op', `IF TG_OP = 'DELETE' THEN ${setA}; END IF;`, insert('n_op')),
  triggered('n_else', `IF TG_OP IN ('INSERT', 'UPDATE') THEN NULL; ELSE ${setA}; END IF;`, insert('n_else')),
  triggered(
    'n_elsif',
    `IF TG_OP = 'INSERT' THEN NULL; ELSIF TG_OP = ANY (ARRAY['INSERT', 'DELETE']) THEN ${setA}; END IF;`,
    insert('n_elsif'),
  ),
  triggered(
    'n_unless',
    `BEGIN IF TG_OP = 'INSERT' THEN RETURN NEW; END IF; ${setA}; RETURN NEW; END`,
    insert('n_unless'),
    {
      on: 'BEFORE INSERT',
    },
  ),
  triggered('n_case', `CASE TG_OP WHEN 'INSERT', 'UPDATE' THEN NULL; ELSE ${setA}; END CASE;`, insert('n_case')),
  triggered(
    'n_searched',
    `CASE WHEN TG_OP = 'DELETE' THEN ${setA}; WHEN NOT TG_OP = 'DELETE' THEN NULL; END CASE;`,
    insert('n_searched'),
  ),
  triggered(
    'n_level',
    `IF TG_LEVEL IS DISTINCT FROM 'ROW' OR TG_WHEN = 'AFTER' THEN ${setA}; END IF;`,
    insert('n_level'),
  ),
  triggered('n_table', `IF TG_TABLE_NAME::text = 'b_table' THEN ${setA}; END IF;`, insert('n_table')),
  triggered('n_argument', `PERFORM set_config(TG_ARGV[0], 'x', TG_ARGV[1]::boolean);`, insert('n_argument'), {
    given: "'app.a', 'true'",
  }),
  triggered(
    'n_copy',
    `DECLARE v_op text := lower(TG_OP); BEGIN IF v_op = 'delete' THEN ${setA}; END IF; RETURN NEW; END`,
    insert('n_copy'),
  ),
  triggered('n_missing', `IF TG_ARGV[0] = 'session' THEN ${setA}; END IF;`, insert('n_missing')),
  triggered('n_replaced', `IF TG_OP = 'DELETE' THEN ${setA}; END IF;`, 'DELETE FROM shop.n_replaced', {
    on: 'BEFORE DELETE',
    more: 'CREATE RULE r AS ON DELETE TO shop.n_replaced DO INSTEAD NOTHING',
  }),
  ...[
    ['n_dead', `BEGIN RETURN; ${setA}; END`],
    ['n_off', `BEGIN IF false THEN ${setA}; END IF; END`],
    ['n_both', `BEGIN IF random() < 2 THEN RETURN; ELSE RETURN; END IF; ${setA}; END`],
    ['n_cursor', 'DECLARE c CURSOR FOR SELECT shop.leak(1); BEGIN PERFORM 1; END'],
    ['n_only', 'BEGIN DELETE FROM ONLY shop.b_parent; END'],
    [
      'n_class',
      "DECLARE t regclass := 'shop.n_dead'::regproc::oid::regclass; BEGIN EXECUTE 'SELECT 1 -- ' || t::text; END",
    ],
  ].map(([name = '', body = '']) => ({
    object: `shop.${name}`,
    sql: plpgsql(`shop.${name}()`, body),
    call: `SELECT shop.${name}()`,
  })),
  {
    object: 'shop.n_counts',
    sql: plpgsql(
      'shop.n_counts(t regclass)',
      "DECLARE n bigint; BEGIN EXECUTE format('SELECT count(*) FROM %s', t) INTO n; EXECUTE 'SELECT 1 FROM ' || t::text INTO n; END",
    ),
    call: "SELECT shop.n_counts('pg_class')",
  },
]
