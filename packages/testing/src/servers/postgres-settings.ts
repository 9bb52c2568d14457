/** Who may log in, and to what: a superuser of a server that is gone after the tests. */
export const access = { user: 'postgres', password: 'postgres', database: 'postgres' } as const

/** Like the test servers of every machine: what is sorted, and how text is stored, must not depend on where it runs. */
export const initdbFlags: readonly string[] = ['--encoding=UTF8', '--locale=C', '--no-sync']

/** What a server that lives for one test run can do without: its data need not survive a crash. */
const testSettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
}

/** Arguments of `postgres`; later settings are stronger. */
export function flagsOf(...settings: readonly Readonly<Record<string, string>>[]): string[] {
  return Object.entries(Object.assign({}, testSettings, ...settings) as Record<string, string>).flatMap(
    ([name, value]) => {
      return ['-c', `${name}=${value}`]
    },
  )
}
