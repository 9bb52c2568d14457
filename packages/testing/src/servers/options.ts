import { InvalidOptionError } from '@poolsafe/core'
import type { Login } from './client.ts'

/** @throws InvalidOptionError for a value that is not an object of strings */
export function checkTexts(option: string, given: unknown, allowed: string): void {
  if (given === undefined) return
  const isRecord = typeof given === 'object' && given !== null && !Array.isArray(given)
  if (isRecord && Object.values(given).every((value) => typeof value === 'string')) return
  throw new InvalidOptionError(option, given, allowed)
}

/** Checks the option `settings` of a fixture. */
export const settingsByName = "an object of texts by name, such as { log_statement: 'all' }"

/** Checks the option `users` of a pooler. */
export const passwordsByUser = "an object of passwords by user, such as { guest: 'secret' }"

/** @throws InvalidOptionError for a target without the data of a PostgreSQL login */
export function checkTarget(option: string, given: unknown): void {
  const { port, user, password, database } = (given ?? {}) as Partial<Login & { readonly port: number }>
  const isLogin = [user, password, database].every((text) => typeof text === 'string') && user !== '' && database !== ''
  if (isLogin && Number.isInteger(port)) return
  throw new InvalidOptionError(
    option,
    given,
    'what startPostgres() gives: an object with port, user, password and database',
  )
}
