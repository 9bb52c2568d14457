import { harmless, type Analysis, type Engine } from '@poolsafe/core/adapter'
import { repairedTextOf } from './repaired-names.ts'
import { type Arguments, type ClientLike, isWired, preparedTextOf } from './types.ts'

/** pg's Submittable: pg.Query, pg-cursor, pg-query-stream. It sends itself and reports its own errors. */
export interface Submittable {
  submit(connection: unknown): unknown
  handleError(error: Error, connection: unknown): void
  callback?: unknown
}

/** The configuration object that pg accepts instead of a statement text. */
export interface QueryConfig {
  readonly text?: unknown
  readonly name?: unknown
  readonly callback?: unknown
  /** The cursor of pg-query-stream. */
  readonly cursor?: { readonly text?: unknown }
}

/** The parts of one `query` call that decide the verdict. */
export interface Statement {
  readonly sql: string
  readonly named: boolean
  readonly analysis: Analysis
}

const textless: Statement = {
  sql: 'a query object that does not tell its text',
  named: false,
  analysis: { ...harmless, undecided: 'the query object has no text' },
}

/**
 * Reads a `query` call. Returns `undefined` if there is nothing to judge: a harmless statement text, or none, which pg
 * then refuses itself.
 */
export function statementOf(config: unknown, guard: Engine, client?: ClientLike): Statement | undefined {
  if (typeof config === 'string') return judged(config, false, guard)
  const { text, cursor, name } = (config ?? {}) as QueryConfig
  const sql = text ?? cursor?.text ?? textByName(name, client)
  if (typeof sql !== 'string') return isSubmittable(config) ? textless : undefined
  return judged(sql, typeof name === 'string' && name !== '', guard)
}

function judged(sql: string, named: boolean, guard: Engine): Statement | undefined {
  const analysis = guard.analyze(sql)
  return analysis === harmless && !named ? undefined : { sql, named, analysis }
}

/** Returns the text of a statement that was prepared on this client and is sent by its name alone. */
function textByName(name: unknown, client: ClientLike | undefined): string | undefined {
  if (client === undefined || typeof name !== 'string' || name === '' || !isWired(client)) return undefined
  return preparedTextOf({ name }, client) || repairedTextOf(name, client)
}

/** Returns true if the argument names a statement without its text, which only the preparing client knows. */
export function isNameAlone(config: unknown): boolean {
  const { text, name } = (typeof config === 'object' ? (config ?? {}) : {}) as QueryConfig
  return text === undefined && typeof name === 'string' && name !== '' && !isSubmittable(config)
}

/**
 * Answers a `query` call with an error in the way that pg refuses a call (Client.query). A callback or a Submittable
 * receives it in the next tick; any other call gets a rejected promise.
 */
export function refuseCall(args: Arguments, error: Error, connection: unknown): unknown {
  const [config, values, callback] = args
  if (isSubmittable(config)) {
    const given = [values, callback].find((arg) => typeof arg === 'function')
    if (config.callback === undefined && given !== undefined) config.callback = given
    process.nextTick(() => config.handleError(error, connection))
    return config
  }
  const configured = typeof config === 'object' && config !== null ? (config as QueryConfig).callback : undefined
  const listener = [values, callback, configured].find((arg) => typeof arg === 'function') as
    | ((error: Error) => void)
    | undefined
  if (listener === undefined) return Promise.reject(error)
  process.nextTick(() => listener(error))
  return undefined
}

/** Returns true if pg will let the object send itself. */
export function isSubmittable(config: unknown): config is Submittable {
  return typeof config === 'object' && config !== null && typeof (config as Submittable).submit === 'function'
}
