import type { Answer } from '@poolsafe/core/adapter'
import { isSubmittable, type QueryConfig } from './statement.ts'
import type { Arguments, DriverFunction } from './types.ts'

/** Judges answers, one for each statement of a statement text. Returns the error that must replace them. */
type Judge = (answers: readonly Answer[]) => Error | undefined

/** A pg.Query without a callback reports by events. */
interface QueryEvents {
  prependOnceListener?(event: 'end', listener: (result: unknown) => void): void
  emit(event: 'error', error: Error): void
}

/**
 * Sends a statement whose answer may show a problem, and judges the answer. An error replaces the answer in the form
 * that the call uses: callback, promise or event.
 *
 * @param send the driver's own function
 */
export function sendAndJudge(send: (args: Arguments) => unknown, args: Arguments, judge: Judge): unknown {
  return promiseJudged(send(withJudgedCallback(args, judge)), judge)
}

/**
 * Does the same for `pool.query`, which passes its own callback to its client. pg never calls a callback inside the
 * configuration there.
 */
export function sendByPoolAndJudge(send: (args: Arguments) => unknown, args: Arguments, judge: Judge): unknown {
  const changed = withCallbackArgument(args, (callback) => judgedCallback(callback, judge))
  return promiseJudged(send(changed ?? args), judge)
}

function promiseJudged(sent: unknown, judge: Judge): unknown {
  return isPromise(sent) ? sent.then((result) => judged(result, judge)) : sent
}

/** True also for promises of another library that was passed to pg. */
export function isPromise(sent: unknown): sent is Promise<unknown> {
  return typeof (sent as { then?: unknown } | undefined)?.then === 'function'
}

function judged(result: unknown, judge: Judge): unknown {
  const error = judge(answersIn(result))
  if (error !== undefined) throw error
  return result
}

/**
 * Returns the answers in a result. A text with several statements has several results. A cursor, or a query that emits
 * its rows, has none here.
 */
function answersIn(result: unknown): Answer[] {
  return [result as Answer | undefined].flat().filter((answer) => answer !== undefined)
}

/**
 * Wraps the callback that pg will call, so that it judges first. pg prefers that of a query object, then an argument,
 * then that of a configuration.
 */
function withJudgedCallback(args: Arguments, judge: Judge): Arguments {
  const [config] = args
  if (isSubmittable(config) && typeof config.callback === 'function') {
    config.callback = judgedCallback(config.callback as DriverFunction, judge)
    return args
  }
  const changed = withCallback(args, (callback) => judgedCallback(callback, judge))
  if (changed === args && isSubmittable(config)) judgeEvents(config as unknown as QueryEvents, judge)
  return changed
}

/** Wraps the callback of a call that is no query object. Without a callback, the arguments stay as they are. */
export function withCallback(args: Arguments, wrap: Wrap): Arguments {
  const withArgument = withCallbackArgument(args, wrap)
  if (withArgument !== undefined) return withArgument
  const [config, ...others] = args
  const hasCallback =
    typeof config === 'object' && config !== null && typeof (config as QueryConfig).callback === 'function'
  return hasCallback && !isSubmittable(config) ? [withCallbackIn(config, wrap), ...others] : args
}

type Wrap = (callback: DriverFunction) => DriverFunction

function withCallbackArgument(args: Arguments, wrap: Wrap): Arguments | undefined {
  const position = args.findLastIndex((arg, index) => index > 0 && typeof arg === 'function')
  return position > 0 ? args.with(position, wrap(args[position] as DriverFunction)) : undefined
}

/** Copies the configuration, because pg may set its own callback in it. The application's object stays unchanged. */
function withCallbackIn(config: QueryConfig, wrap: Wrap): QueryConfig {
  const value = wrap(config.callback as DriverFunction)
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
