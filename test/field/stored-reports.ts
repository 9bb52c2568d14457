/** A public report about state that code in the database leaves, rebuilt in our own words. */
export interface StoredReport {
  readonly source: string
  readonly sql: string
  readonly call: string
  /** A session shows something else after the call. */
  readonly changes: boolean
}

const plpgsql = (name: string, body: string, returns = 'void', more = ''): string =>
  `CREATE FUNCTION ${name} RETURNS ${returns} LANGUAGE plpgsql ${more} AS $$ BEGIN ${body} END $$;`

const onInsert = (table: string, body: string): string =>
  `CREATE TABLE ${table} (id int, n text); ${plpgsql(`${table}_f()`, `${body}; RETURN NEW;`, 'trigger')}
   CREATE TRIGGER ${table}_t BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_f();`

/** Reports of issue trackers and pages. Each call is one statement of an application. */
export const storedReports: readonly StoredReport[] = [
  {
    source: 'node-postgres #1134: the user of the application in a custom setting, for triggers',
    sql: plpgsql('remember_user(u text)', "PERFORM set_config('app.a', u, false);"),
    call: "SELECT remember_user('7')",
    changes: true,
  },
  {
    source: 'pg_variables #50: the same for the transaction alone',
    sql: plpgsql('remember_user_here(u text)', "PERFORM set_config('app.a', u, true);"),
    call: "SELECT remember_user_here('7')",
    changes: false,
  },
  {
    source: 'pgbouncer #396, #452: a search path without schemas stays for other clients',
    sql: plpgsql('prepare_restore()', "PERFORM pg_catalog.set_config('search_path', '', false);"),
    call: 'SELECT prepare_restore()',
    changes: true,
  },
  {
    source: 'buzz #7272, boardsesh #4699: trigger functions with a search path of their own',
    sql: `CREATE TABLE pinned (id int); ${plpgsql('pinned_f()', 'RETURN NEW;', 'trigger', 'SET search_path = public, pg_catalog')}
      CREATE TRIGGER pinned_t BEFORE INSERT ON pinned FOR EACH ROW EXECUTE FUNCTION pinned_f()`,
    call: 'INSERT INTO pinned VALUES (1)',
    changes: false,
  },
  {
    source: 'ComputeHorde #266: a function that locks for the session, and says for the transaction',
    sql: `CREATE FUNCTION get_lock(k int) RETURNS boolean LANGUAGE sql AS 'SELECT pg_try_advisory_lock(k)'`,
    call: 'SELECT get_lock(3)',
    changes: true,
  },
  {
    source: 'ComputeHorde #266, mended',
    sql: `CREATE FUNCTION get_lock_here(k int) RETURNS boolean LANGUAGE sql AS 'SELECT pg_try_advisory_xact_lock(k)'`,
    call: 'SELECT get_lock_here(3)',
    changes: false,
  },
  {
    source: 'pgTAP #357: lock and unlock with two keys in one function',
    sql: plpgsql(
      'lock_both()',
      'PERFORM pg_advisory_lock(1, 1); PERFORM pg_advisory_unlock(1, 1); RETURN true;',
      'boolean',
    ),
    call: 'SELECT lock_both()',
    changes: false,
  },
  {
    source: 'EDB, vibhorkumar.blog: a global temporary table is a view whose trigger makes a temporary one',
    sql: `CREATE VIEW global_temp AS SELECT 1 AS id; ${plpgsql('global_temp_f()', 'CREATE TEMP TABLE IF NOT EXISTS global_temp_rows (id int); INSERT INTO global_temp_rows VALUES (NEW.id); RETURN NEW;', 'trigger')}
      CREATE TRIGGER global_temp_t INSTEAD OF INSERT ON global_temp FOR EACH ROW EXECUTE FUNCTION global_temp_f()`,
    call: 'INSERT INTO global_temp (id) VALUES (1)',
    changes: true,
  },
  {
    source: 'Fujitsu: the temporary table of a function goes with its transaction',
    sql: plpgsql('work_table()', 'CREATE TEMP TABLE IF NOT EXISTS work_rows (id int) ON COMMIT DROP;'),
    call: 'SELECT work_table()',
    changes: false,
  },
  {
    source: 'row-level security that reads the tenant',
    sql: `CREATE TABLE documents (id int, tenant text); INSERT INTO documents VALUES (1, 'a'); ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON documents USING (tenant = current_setting('app.a', true))`,
    call: 'SELECT * FROM documents',
    changes: false,
  },
  {
    source: 'pgbouncer #1567: a function that makes the session read-only',
    sql: plpgsql('only_read()', 'SET default_transaction_read_only = on;'),
    call: 'SELECT only_read()',
    changes: true,
  },
  {
    source: 'a trigger that turns other triggers off while it writes',
    sql: onInsert('mirrored', 'SET session_replication_role = replica'),
    call: "INSERT INTO mirrored VALUES (1, 'x')",
    changes: true,
  },
  {
    source: 'an audit trigger that names its user in application_name',
    sql: onInsert('audited', "PERFORM set_config('application_name', 'audit ' || coalesce(NEW.n, ''), false)"),
    call: "INSERT INTO audited VALUES (1, 'x')",
    changes: true,
  },
  {
    source: 'a queue whose trigger tells listeners',
    sql: onInsert('queued', "PERFORM pg_notify('jobs', NEW.id::text)"),
    call: "INSERT INTO queued VALUES (1, 'x')",
    changes: false,
  },
]
