import { InvalidOptionError } from '@poolsafe/core'

/** The longest name that PostgreSQL keeps of an application, in bytes. */
const longestName = 63

/** Names that drivers, poolers and tools give. They say nothing of the application. */
const genericNames = [
  '',
  'psql',
  'pgcli',
  'pgbouncer',
  'pgAdmin 4',
  'pg_dump',
  'pg_dumpall',
  'pg_restore',
  'pg_basebackup',
  'pg_receivewal',
  'pg_recvlogical',
  'pg_cron',
  'pgbench',
  'pgcat',
  'pgdog',
  'odyssey',
  'repmgr',
  'barman_receive_wal',
  'PostgreSQL JDBC Driver',
  'walreceiver',
  'Patroni',
  'postgres_exporter',
  'vertx-pg-client',
  'DBeaver',
  'DataGrip',
  'Supavisor',
  'node',
  'postgres.js',
  'prisma',
] as const

/** No pattern closes poolsafe's own connections. */
export const ownNames = 'poolsafe-'

/**
 * Checks the patterns of an application's names. A pattern is a name in which `*` stands for any text.
 *
 * @throws InvalidOptionError for an empty list, and for a pattern that would match the connections of others
 */
export function checkPatterns(option: string, given: unknown): readonly string[] {
  if (!Array.isArray(given) || given.length === 0)
    throw new InvalidOptionError(option, given, "a list of application names, such as ['shop-api', 'shop-worker-*']")
  for (const pattern of given as readonly unknown[]) checkPattern(option, pattern)
  return given as readonly string[]
}

function checkPattern(option: string, pattern: unknown): void {
  if (typeof pattern !== 'string' || !/^[\u0020-\u007E]+$/.test(pattern) || pattern.length > longestName)
    throw new InvalidOptionError(
      option,
      pattern,
      `names of 1 to ${longestName} printable ASCII characters: PostgreSQL replaces all others`,
    )
  if (/^\**$/.test(pattern.replaceAll(/[^\w*]/g, '')))
    throw new InvalidOptionError(option, pattern, 'a name of your application: this pattern matches those of others')
  if (pattern.startsWith(ownNames))
    throw new InvalidOptionError(option, pattern, `a name of your application: ${ownNames}* is poolsafe itself`)
  const generic = genericNames.find((name) => matches(pattern, name))
  if (generic !== undefined)
    throw new InvalidOptionError(
      option,
      pattern,
      `a name of your application: this pattern matches '${generic}', which others use`,
    )
}

/** Returns whether a name fits a pattern. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}/-]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name)
}

/** Returns the operand of LIKE, with its escape character. */
export function likeOf(pattern: string): string {
  const text = pattern.replaceAll(/[!%_]/g, '!$&').replaceAll('*', '%')
  return `${literal(text)} ESCAPE '!'`
}

/** A text as a literal of SQL, for a session with `standard_conforming_strings`. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
