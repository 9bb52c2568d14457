import type { Call, Replacement } from '@poolsafe/core/adapter'
import { originalPosition } from '@poolsafe/core/internal'
import { rememberName, secondName, whyNoSecondName } from './repaired-names.ts'
import { isSubmittable, type QueryConfig } from './statement.ts'
import { activeQueryOf, isWired, latestQueryOf, type Arguments, type ClientLike, type Query } from './types.ts'

/** The property of pg's query that holds what was repaired. */
const repairedKey: unique symbol = Symbol('poolsafe.repaired')

/** A statement as the application wrote it, and what is sent in its place. */
interface Repaired {
  readonly sql: string
  readonly send: Pick<Replacement, 'sql' | 'edits'>
}

interface Marked {
  [repairedKey]?: Repaired
}

const ownText = 'the query object sends a text of its own'

/** The parts of a call of `query` that a repair depends on. */
export function repairCallOf([config, values]: Arguments): Pick<Call, 'keepsText' | 'parameters'> {
  if (isSubmittable(config)) return { keepsText: ownText }
  const { name, values: own } = (typeof config === 'object' ? (config ?? {}) : {}) as QueryConfig & {
    readonly values?: unknown
  }
  const parameters = Array.isArray(values) ? values : Array.isArray(own) ? own : []
  const keepsText = typeof name === 'string' ? whyNoSecondName(name) : undefined
  return keepsText === undefined ? { parameters } : { parameters, keepsText }
}

/** The arguments of the same call with the repaired text. The application's configuration is not changed. */
export function repairedArguments([config, ...others]: Arguments, client: ClientLike, repaired: Repaired): Arguments {
  const { sql } = repaired.send
  // pg copies a configuration, which costs 2 µs.
  if (typeof config !== 'object' || config === null) return [sql, ...others]
  const properties: PropertyDescriptorMap = { text: ownProperty(sql) }
  const { name } = config as QueryConfig
  if (typeof name !== 'string' || name === '') return [Object.create(config, properties) as unknown, ...others]
  rememberName(client, name, repaired.sql)
  return [Object.create(config, { ...properties, name: ownProperty(secondName(name)) }) as unknown, ...others]
}

/** The descriptor of a property that replaces the one of a prototype. */
export function ownProperty(value: string | number | undefined): PropertyDescriptor {
  return { value, enumerable: true, writable: true, configurable: true }
}

/** The statement that is being sent. */
let sending: Repaired | undefined

/** Returns the application's text of the repaired statement that is being passed to pg; `undefined` for any other. */
export function applicationTextNow(): string | undefined {
  return sending?.sql
}

/** Returns the application's text of a repaired query. */
export function applicationTextOf(query: object | null | undefined): string | undefined {
  const marked: Marked | null | undefined = query
  return marked?.[repairedKey]?.sql
}

/** The property of a client whose errors and notices are watched. A set would cost more than all the rest. */
const watchedKey: unique symbol = Symbol('poolsafe.repairing')

/**
 * Sends a repaired statement. The server's errors and notices then have their position in the application's text.
 *
 * @param send calls the driver with `args`
 */
export function sendRepaired<Result>(
  client: ClientLike,
  repaired: Repaired,
  send: (args: Arguments) => Result,
  args: Arguments,
): Result {
  if (!isWired(client)) return send(args)
  watchPositions(client)
  const before = latestQueryOf(client)
  sending = repaired
  let result: Result
  try {
    result = send(args)
  } finally {
    sending = undefined
  }
  const query: (Query & Marked) | undefined = latestQueryOf(client)
  if (query !== undefined && query !== before) query[repairedKey] = repaired
  return result
}

function watchPositions(client: ClientLike): void {
  if (watchedKey in client || !isWired(client)) return
  Object.defineProperty(client, watchedKey, { value: true })
  const translate = (message: { position?: string }): void => {
    const repaired = (activeQueryOf(client) as Marked | undefined)?.[repairedKey]
    const position = Number(message.position)
    if (repaired === undefined || !(position > 0)) return
    message.position = String(originalPosition(repaired.sql, repaired.send.edits, position))
  }
  client.connection.prependListener('errorMessage', translate)
  client.connection.prependListener('notice', translate)
}
