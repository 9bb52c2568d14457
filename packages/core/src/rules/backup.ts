import type { Rule } from './rule.ts'

/** A backup begins and ends in the same server session; not even ROLLBACK or DISCARD ALL ends it. */
export const backup: Rule<'session/backup'> = {
  id: 'session/backup',
  title: 'a backup begins and ends in one server session',
  why: 'the backup belongs to the server connection that began it, through COMMIT, ROLLBACK and DISCARD ALL: pg_backup_stop elsewhere fails with 55000, or ends a stranger’s backup, and yours is void when the pooler closes the connection',
  instead: 'pg_basebackup, or a direct connection that is held from pg_backup_start to pg_backup_stop',
  remedy: {
    pg: `const direct = new pg.Client({ connectionString: process.env.DIRECT_URL })
await direct.connect()
await direct.query("SELECT pg_backup_start('nightly')")
await copyDataFolder()
const { rows } = await direct.query('SELECT * FROM pg_backup_stop()')`,
  },
  examples: {
    unsafe: [
      "SELECT pg_backup_start('nightly')",
      'SELECT * FROM pg_backup_stop()',
      "BEGIN; SELECT pg_backup_start('nightly'); ROLLBACK",
    ],
    safe: ["SELECT pg_create_restore_point('before')", 'SELECT pg_switch_wal()', "SELECT 'pg_backup_start'"],
  },
  functions: {
    pg_backup_start: ({ name }) => ({ does: 'leaves', state: 'backup', what: name, when: 'always' }),
    pg_backup_stop: ({ name }) => ({ does: 'clears', state: 'backup', what: name, when: 'always' }),
  },
}
