import { InvalidOptionError } from '@poolsafe/core'
import type { Login } from './client.ts'

/** @throws InvalidOptionError for what is no object of texts by name */
export function checkTexts(option: string, given: unknown, allowed: string): void {
  if (given === undefined) return
  const isRecord = typeof given === 'object' && given !== null && !Array.isArray(given)
  if (isRecord && Object.values(given).every((value) => typeof value === 'string')) return
  throw new InvalidOptionError(option, given, allowed)
}

/** What every fixture takes for the settings of its server. */
export const settingsByName = "an object of texts by name, such as { log_statement: 'all' }"

/** What every pooler takes for further users. */
export const passwordsByUser = "an object of passwords by user, such as { guest: 'secret' }"

/** @throws InvalidOptionError for what does not say how to log in to a PostgreSQL */
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
