import type { Answer } from '@poolsafe/core/adapter'
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
 * Sends a statement whose answer may tell something after the fact, and judges what comes back. An error takes the
 * place of the answer in the form that the call has: callback, promise, or event.
 *
 * @param send the driver's own function
 */
export function sendAndJudge(send: (args: Arguments) => unknown, args: Arguments, judge: Judge): unknown {
  return promiseJudged(send(withJudgedCallback(args, judge)), judge)
}

/**
 * The same for `pool.query`, which hands its client a callback of its own: what the configuration holds is never
 * called, or was asked for in vain.
 */
export function sendByPoolAndJudge(send: (args: Arguments) => unknown, args: Arguments, judge: Judge): unknown {
  return promiseJudged(send(withJudgedArgument(args, judge) ?? args), judge)
}

function promiseJudged(sent: unknown, judge: Judge): unknown {
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

/**
 * The callback that pg will call, of those that it was given, judges first: that of a query object, an argument, that
 * of a configuration.
 */
function withJudgedCallback(args: Arguments, judge: Judge): Arguments {
  const [config, ...others] = args
  if (isSubmittable(config) && typeof config.callback === 'function') {
    config.callback = judgedCallback(config.callback as DriverFunction, judge)
    return args
  }
  const withArgument = withJudgedArgument(args, judge)
  if (withArgument !== undefined) return withArgument
  if (typeof config !== 'object' || config === null) return args
  if (isSubmittable(config)) judgeEvents(config as unknown as QueryEvents, judge)
  else if (typeof (config as QueryConfig).callback === 'function') return [judgedConfig(config, judge), ...others]
  return args
}

function withJudgedArgument(args: Arguments, judge: Judge): Arguments | undefined {
  const position = args.findLastIndex((arg, index) => index > 0 && typeof arg === 'function')
  return position > 0 ? args.with(position, judgedCallback(args[position] as DriverFunction, judge)) : undefined
}

/** The application's own object stays as it is. pg may set its own callback in what it is given. */
function judgedConfig(config: QueryConfig, judge: Judge): QueryConfig {
  const value = judgedCallback(config.callback as DriverFunction, judge)
  return Object.create(config, {
    callback: { value, writable: true, configurable: true, enumerable: true },
  }) as QueryConfig
}

function judgeEvents(events: QueryEvents, judge: Judge): void {
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
