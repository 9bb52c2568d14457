import pg from 'pg'
import type { Backend } from '../support/servers/backend.ts'
import { database } from '../support/session/database.ts'
import { connect, password, stage, stageUrl } from './target.ts'

/** The settings of a server for the proofs. */
export const serverSettings: Readonly<Record<string, string>> = {
  wal_level: 'logical',
  max_prepared_transactions: '10',
  // A backup begins at once.
  checkpoint_completion_target: '0',
}

/** The settings of a server that can prove the rules of extensions. */
export const extensionSettings: Readonly<Record<string, string>> = {
  ...serverSettings,
  shared_preload_libraries: 'set_user',
}

const everywhere = ['pg_trgm', 'isn']
const inRoot = ['dblink', 'postgres_fdw', 'hypopg', 'orafce', 'set_user']

/** Statements for the objects that the examples name in addition to those of the labels. */
const further = [
  'CREATE ROLE reporting',
  // A session can be asked what it holds, whatever its role is.
  'GRANT EXECUTE ON FUNCTION pg_replication_origin_session_is_setup() TO PUBLIC',
  'ALTER TABLE orders ADD customer_id int',
  'ALTER TABLE readings ADD temporary int',
  'CREATE TABLE plans (set_limit int)',
  "CREATE FUNCTION my.put_line(a text) RETURNS text LANGUAGE sql AS 'SELECT a'",
]

/** Builds the stage: the objects of the examples, and a user for each. */
export async function buildStage(backend: Backend, users: readonly string[], hasAll: boolean): Promise<void> {
  const first = new pg.Client({ connectionString: stageUrl(backend, backend.user).replace(/[^/]*$/, backend.database) })
  await first.connect()
  await first.query(`CREATE DATABASE ${stage}`)
  if (hasAll) await first.query('CREATE DATABASE other')
  await first.end()
  const admin = await connect(backend, backend.user)
  const extensions = [...everywhere, ...(hasAll ? inRoot : [])].map((name) => `CREATE EXTENSION ${name}`)
  const texts = [
    ...database.shared,
    ...database.objects,
    ...further,
    ...extensions,
    ...(hasAll ? remoteObjects(backend.port) : []),
  ]
  for (const sql of texts) await admin.query(sql)
  // A password that takes no time to check: what is proved is not its strength.
  await admin.query('SET scram_iterations = 1')
  for (const user of users) await admin.query(`CREATE ROLE ${user} SUPERUSER LOGIN PASSWORD '${password}'`)
  await admin.query("SELECT pg_create_logical_replication_slot('permanent', 'pgoutput')")
  await admin.end()
}

function remoteObjects(port: number): string[] {
  return [
    "SELECT dblink_exec('dbname=other', 'CREATE TABLE t (id int)')",
    `CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '${port}', dbname 'other')`,
    "CREATE USER MAPPING FOR PUBLIC SERVER other OPTIONS (user 'postgres', password_required 'false')",
    'CREATE SCHEMA other',
    "CREATE FOREIGN TABLE other.orders (id int) SERVER other OPTIONS (schema_name 'public', table_name 't')",
  ]
}
