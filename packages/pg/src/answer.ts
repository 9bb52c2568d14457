import type { Answer } from '@poolsafe/core'
import { isSubmittable, type QueryConfig } from './statement.ts'
import type { Arguments, DriverFunction } from './types.ts'

/** Judges answers, one for each statement of a text: the error that must take their place. */
type Judge = (answers: readonly Answer[]) => Error | undefined

/** A pg.Query without a callback tells by its events. */
interface QueryEvents {
  prependOnceListener?(event: 'end', listener: (result: unknown) => void): void
  emit(event: 'error', error: Error): void
}

/**
 * Sends a statement whose answer may tell something after the fact, and judges what comes back. An error takes the place of the
 * answer in the form that the call has: callback, promise, or event.
 *
 * @param send the driver's own function
 */
export function sendAndJudge(send: (args: Arguments) => unknown, args: Arguments, judge: Judge): unknown {
  const sent = send(withJudgedCallback(args, judge))
  return isPromise(sent) ? sent.then((result) => judged(result, judge)) : sent
}

/** Promises of a library that pg was given as well. */
function isPromise(sent: unknown): sent is Promise<unknown> {
  return typeof (sent as { then?: unknown } | undefined)?.then === 'function'
}

function judged(result: unknown, judge: Judge): unknown {
  const error = judge(answersIn(result))
  if (error !== undefined) throw error
  return result
}

/** A text of several statements has several results; a query whose rows are events, or a cursor, has none here. */
function answersIn(result: unknown): Answer[] {
  return [result as Answer | undefined].flat().filter((answer) => answer !== undefined)
}

/** The callback that pg will call, of those that it was given, judges first. */
function withJudgedCallback(args: Arguments, judge: Judge): Arguments {
  const position = args.findLastIndex((arg, index) => index > 0 && typeof arg === 'function')
  if (position > 0) return args.with(position, judgedCallback(args[position] as DriverFunction, judge))
  const [config, ...others] = args
  if (typeof config !== 'object' || config === null) return args
  const { callback } = config as QueryConfig
  if (isSubmittable(config)) judgeSubmittable(config, judge)
  // The application's own object stays as it is.
  else if (typeof callback === 'function') {
    return [Object.create(config, { callback: { value: judgedCallback(callback as DriverFunction, judge) } }), ...others]
  }
  return args
}

function judgeSubmittable(query: { callback?: unknown }, judge: Judge): void {
  if (typeof query.callback === 'function') {
    query.callback = judgedCallback(query.callback as DriverFunction, judge)
    return
  }
  const events = query as unknown as QueryEvents
  events.prependOnceListener?.('end', (result) => {
    const error = judge(answersIn(result))
    if (error !== undefined) events.emit('error', error)
  })
}

function judgedCallback(callback: DriverFunction, judge: Judge): DriverFunction {
  return (error, result) => {
    const told = error ? undefined : judge(answersIn(result))
    return told === undefined ? callback(error, result) : callback(told)
  }
}
