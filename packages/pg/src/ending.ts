import type { Ending } from '@poolsafe/core/adapter'
import { isPromise, withCallback } from './answer.ts'
import { ownProperty, sendRepaired } from './repaired.ts'
import { isSubmittable } from './statement.ts'
import { isWired, latestQueryOf, type Arguments, type ClientLike, type DriverFunction, type Query } from './types.ts'

/** The results that pg has read of a query, as far as they are complete. */
interface Answered extends Query {
  readonly _results?: unknown
}

/** Hears of an error of the end of a transaction, or of a statement behind it. Returns the error to report. */
type OnFailure = (failed: {
  readonly hasEnded: boolean
  readonly done: number
  readonly error: unknown
}) => Error | undefined

interface ExtendedConfig {
  readonly text?: unknown
  readonly queryMode?: unknown
  readonly rows?: unknown
  readonly values?: unknown
}

/** Returns true if pg sends a call as one message that may have several statements. */
export function hasRoomForMore(client: ClientLike, [config, values]: Arguments): boolean {
  if (!canClearLater(client) || isSubmittable(config)) return false
  if (hasValues(values)) return false
  if (typeof config !== 'object' || config === null) return true
  const { text, queryMode, rows, values: own } = config as ExtendedConfig
  return typeof text === 'string' && queryMode !== 'extended' && !rows && !hasValues(own)
}

/** Returns true if the end of a transaction of this client can clear. In pipeline mode others are sent behind it. */
export function canClearLater(client: ClientLike): boolean {
  return isWired(client) && client.pipeline !== true
}

function hasValues(values: unknown): boolean {
  return Array.isArray(values) && values.length > 0
}

/** The end of a transaction, and how it is sent. */
export interface EndingCall {
  readonly client: ClientLike
  readonly sql: string
  readonly ending: Ending
  /** Calls the driver. */
  readonly send: (args: Arguments) => unknown
  readonly onFailure: OnFailure
}

/**
 * Ends a transaction, and clears what it has left, in one message: a pooler gives the server connection away when that
 * is answered. The application gets the answer to the end itself, in the form that the call uses.
 */
export function sendEnding(args: Arguments, { client, sql, ending, send, onFailure }: EndingCall): unknown {
  const answer = new EndAnswer(onFailure)
  const text = [sql, ...ending.clearings.map((each) => each.sql)].join('\n; ')
  const addition = { from: sql.length, to: sql.length, text: text.slice(sql.length) }
  const repaired = { sql, send: { sql: text, edits: [addition] } }
  const wrapped = withCallback(args, (callback) => answer.callback(callback))
  const before = latestOf(client)
  const sent = sendRepaired(client, repaired, send, withText(wrapped, text))
  const query = latestOf(client)
  if (query !== before) answer.query = query
  return isPromise(sent) ? sent.then(firstOf, (error: unknown) => answer.recovered(error)) : sent
}

/** A named statement cannot have several statements, so its name is left out. */
function withText([config, ...others]: Arguments, text: string): Arguments {
  if (typeof config !== 'object' || config === null) return [text, ...others]
  return [Object.create(config, { text: ownProperty(text), name: ownProperty(undefined) }) as unknown, ...others]
}

function latestOf(client: ClientLike): Query | undefined {
  return isWired(client) ? latestQueryOf(client) : undefined
}

/** Picks the answer to the end itself out of the answers to the message. */
class EndAnswer {
  query: Answered | undefined
  readonly #onFailure: OnFailure

  constructor(onFailure: OnFailure) {
    this.#onFailure = onFailure
  }

  /** The form of a callback. */
  callback(given: DriverFunction): DriverFunction {
    return (error, results) => {
      const { told, result } = error ? this.#read(error) : { told: undefined, result: firstOf(results) }
      return told === undefined ? given(null, result) : given(told)
    }
  }

  /**
   * The form of a promise.
   *
   * @throws the error that the application gets
   */
  recovered(error: unknown): unknown {
    const { told, result } = this.#read(error)
    if (told !== undefined) throw told
    return result
  }

  /** If only a statement behind the end has failed, the application gets the answer to the end. */
  #read(error: unknown): { readonly told: unknown; readonly result?: unknown } {
    const results = [this.query?._results].flat()
    const [first] = results as readonly (EndResult | undefined)[]
    const hasEnded = typeof first?.command === 'string'
    const refusal = this.#onFailure({ hasEnded, done: results.length - 1, error })
    return hasEnded ? { told: refusal, result: first } : { told: error }
  }
}

interface EndResult {
  readonly command?: unknown
}

function firstOf(results: unknown): EndResult | undefined {
  return [results as EndResult | undefined].flat()[0]
}
