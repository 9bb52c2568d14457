import type { Rule } from './rule.ts'

/** A backup begins and ends in the same server session; not even ROLLBACK or DISCARD ALL ends it. */
export const backup: Rule<'session/backup'> = {
  id: 'session/backup',
  title: 'a backup must begin and end in one server session',
  why: 'the backup belongs to the server connection that began it, through COMMIT, ROLLBACK and DISCARD ALL. On another connection pg_backup_stop fails with 55000 or ends the backup of another client, and yours is void once the pooler closes the connection',
  instead: 'pg_basebackup, or a direct connection that you hold from pg_backup_start to pg_backup_stop',
  mentionsDirect: true,
  onDirect: { instead: 'pg_basebackup' },
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
    answersVary: true,
  },
  functions: {
    pg_backup_start: ({ name }) => ({ does: 'leaves', state: 'backup', what: name, when: 'always' }),
    pg_backup_stop: ({ name }) => ({ does: 'clears', state: 'backup', what: name, when: 'always' }),
  },
}
