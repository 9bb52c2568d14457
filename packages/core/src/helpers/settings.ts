import { InvalidOptionError } from '../errors.ts'
import { checkFunction } from '../options.ts'
import type { Database, Run } from './database.ts'
import { serverCodeOf } from './server-code.ts'

/** Settings of PostgreSQL by name, such as `{ 'app.tenant_id': 7, lock_timeout: '2s' }`. */
export type Settings = Readonly<Record<string, string | number | boolean>>

/** As PostgreSQL takes the name of a custom setting, in ASCII. Such a name needs no quotes in a literal. */
const settingName = /^[a-z_][\w$]*(\.[a-z_][\w$]*)*$/i

/** https://www.postgresql.org/docs/current/errcodes-appendix.html: in_failed_sql_transaction */
const inFailedTransaction = '25P02'

/**
 * Runs `work` in a transaction in which the settings hold, and only in it. In a new transaction, COMMIT and ROLLBACK
 * end them. In an open one, the values of before are put back after `work`.
 *
 * @throws InvalidOptionError for a name that no setting can have, and for a value that is not a string, a number or a
 *   boolean
 */
export async function withSettings<Session, Result>(
  database: Database<Session>,
  settings: Settings,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const set = toStatement(settings)
  checkFunction('withSettings(): fn', work)
  return database.transaction(async (session) => {
    if (set.names.length === 0) return work(session)
    const run = database.runOn(session)
    if (!database.isInTransaction) {
      await run(setText(set.names), set.values)
      return work(session)
    }
    const before = await setAndRemember(run, set)
    let result: Result
    try {
      result = await work(session)
    } catch (error) {
      await putBack(run, set.names, before).catch(() => {})
      throw error
    }
    await putBack(run, set.names, before)
    return result
  })
}

/** Settings, checked, in the order of their parameters. */
interface SettingStatement {
  readonly names: readonly string[]
  readonly values: readonly string[]
}

/**
 * The one statement that sets all of them for the rest of the transaction.
 *
 * @throws InvalidOptionError
 */
export function settingStatement(settings: Settings): { readonly text: string; readonly values: readonly string[] } {
  const { names, values } = toStatement(settings)
  return { text: setText(names), values }
}

function toStatement(settings: Settings): SettingStatement {
  const entries = typeof settings === 'object' && settings !== null ? Object.entries(settings) : []
  if (entries.length === 0 ? !isEmpty(settings) : Array.isArray(settings))
    throw new InvalidOptionError('withSettings(): settings', settings, "an object such as { 'app.tenant_id': id }")
  for (const [name, value] of entries) {
    if (!settingName.test(name))
      throw new InvalidOptionError("withSettings(): a setting's name", name, 'a name such as app.tenant_id')
    // The error shows only the type, because reports never show a value.
    if (!isValue(value))
      throw new InvalidOptionError(`withSettings(): ${name}`, typeof value, 'a string, a number or a boolean')
  }
  return { names: entries.map(([name]) => name), values: entries.map(([, value]) => String(value)) }
}

/** A Map, a promise or an object whose settings are inherited would silently set nothing. */
function isEmpty(settings: unknown): boolean {
  if (typeof settings !== 'object' || settings === null || Object.getOwnPropertySymbols(settings).length > 0)
    return false
  const prototype: unknown = Object.getPrototypeOf(settings)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && !Number.isNaN(value))
}

/** Names stand in the text, so that the guard knows which settings change. */
function setText(names: readonly string[]): string {
  return `SELECT ${names.map((name, at) => `set_config('${name}', $${at + 1}, true) AS s${at}`).join(', ')}`
}

/** PostgreSQL reads the rows of a materialized WITH before it computes what is selected from them. */
async function setAndRemember(run: Run, { names, values }: SettingStatement): Promise<readonly string[]> {
  const columns = names.map((name, at) => `current_setting('${name}', true) AS b${at}`)
  const sets = names.map((name, at) => `b${at}, set_config('${name}', $${at + 1}, true) AS s${at}`)
  const [row] = await run(
    `WITH before AS MATERIALIZED (SELECT ${columns.join(', ')}) SELECT ${sets.join(', ')} FROM before`,
    values,
  )
  // A custom setting that was never set is NULL. After any SET of it PostgreSQL itself answers with ''.
  return names.map((_, at) => (row?.[`b${at}`] as string | null | undefined) ?? '')
}

/** In an aborted transaction nothing can be put back. Its ROLLBACK, or ROLLBACK TO, takes the settings back. */
async function putBack(run: Run, names: readonly string[], before: readonly string[]): Promise<void> {
  try {
    await run(setText(names), before)
  } catch (error) {
    if (serverCodeOf(error) !== inFailedTransaction) throw error
  }
}
