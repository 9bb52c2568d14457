/** An unsafe example that the hostile pooler does not see in the session, nor in the answer. */
export interface Exception {
  readonly why: string
  readonly applies: (played: {
    readonly rule: string
    readonly sql: string
    readonly error: string | undefined
  }) => boolean
}

/** Each is needed: one that applies to no example any more fails the test. */
export const exceptions: readonly Exception[] = [
  {
    why: 'calls what this server does not have: functions of extensions, names of parameters',
    applies: ({ error, rule }) => rule !== 'session/temp-object' && (error === '42883' || error === '3F000'),
  },
  {
    why: 'asks for a view of an extension',
    applies: ({ sql, error }) => sql.includes('hypopg_list_indexes') && error === '42P01',
  },
  {
    why: 'copies a permanent slot that this server does not have',
    applies: ({ sql }) => sql.includes('pg_copy_logical_replication_slot'),
  },
  { why: 'only asks', applies: ({ sql }) => /session_is_setup/.test(sql) },
  { why: 'the server does not show which sequences it remembers', applies: ({ sql }) => sql === 'DISCARD SEQUENCES' },
  {
    why: 'the server does not show its seed: the text alone tells',
    applies: ({ rule }) => rule === 'session/random-seed',
  },
  { why: 'the session has this role already', applies: ({ sql }) => sql === 'SET SESSION AUTHORIZATION postgres' },
  {
    why: 'the server does not show who takes a backup: the text alone tells',
    applies: ({ sql }) => sql.includes('pg_backup_start'),
  },
  {
    why: 'has no effect where it is used, so it leaves nothing',
    applies: ({ rule, sql }) =>
      [
        'transaction/set-local',
        'transaction/lock-outside',
        'transaction/on-commit-drop',
        'transaction/exported-snapshot',
      ].includes(rule) || sql.includes('lo_open'),
  },
  {
    why: 'the open transaction keeps its session; the harm is done in the pool of the application',
    applies: ({ rule }) => rule === 'transaction/unpinned',
  },
]
