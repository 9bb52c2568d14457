import type { AuditReport } from '@poolsafe/operate'

/** Returns a line for each session that is there now, the most urgent first. */
export function sessionLines({ sessions, customSettingsWithValue }: AuditReport): string[] {
  const { heldLocks, openTransactions, preparedTransactions, temporaryObjects, extensions } = sessions
  return [
    ...heldLocks.map(
      ({ pid, key, tool, held_for_seconds: age, waiting, role }) =>
        `session lock ${key}${tool === undefined ? '' : ` (${tool})`} held by idle process ${pid} of ${role} for ${age} s; ${waiting} waiting. Behind a pooler its client has lost it: end the server connection (SELECT pg_terminate_backend(${pid})), or wait for server_lifetime`,
    ),
    ...openTransactions.map(
      ({ pid, role, idle_for_seconds: idle, transaction_for_seconds: age, blocks }) =>
        `process ${pid} of ${role} is idle in a transaction for ${idle} s, open for ${age} s; it blocks ${blocks}. Set idle_in_transaction_session_timeout for the role`,
    ),
    ...preparedTransactions.map(
      ({ owner, for_seconds: age }) => `a prepared transaction of ${owner} is open for ${age} s`,
    ),
    ...temporaryObjects.map(({ pid, objects }) => `process ${pid ?? 'unknown'} has ${objects} temporary objects`),
    ...customSettingsWithValue.map(
      (name) => `the setting ${name} has a value in a new session: another client left it, or ALTER ROLE sets it`,
    ),
    ...extensions.map((name) => `the extension ${name} keeps state in the session`),
  ]
}

/** Settings and limits of roles, for information. */
export function roleLines({ sessions: { roleSettings, connectionLimits } }: AuditReport): string[] {
  return [
    ...roleSettings.map(({ role, database, name, value }) => {
      const where = database === '*' ? '' : ` in ${database}`
      return `${role}${where}: ${name} = ${value ?? '(not shown)'}`
    }),
    ...connectionLimits.map(({ kind, name, limit }) => `${kind} ${name}: at most ${limit} connections`),
  ]
}
