import { AsyncResource } from 'node:async_hooks'
import { performance, setTimeout, clearTimeout } from '@poolsafe/core/internal'
import { isSubmittable, refuseCall, type QueryConfig } from '../statement.ts'
import { ownProperty } from '../repaired.ts'
import type { Arguments } from '../types.ts'
import { heedEarlyClose } from './early-close.ts'

type Send = (args: Arguments) => unknown

/** One call of `client.query` that waits for its connection. It answers in the form that the call uses. */
export class WaitingCall {
  /** The result of `client.query`. */
  readonly result: unknown
  /** The driver's query, once it is sent. */
  query: object | undefined
  readonly #args: Arguments
  readonly #context = new AsyncResource('poolsafe.waitingCall')
  #limit: { readonly timer: NodeJS.Timeout; readonly endsAt: number } | undefined
  #settle: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void } | undefined

  constructor(args: Arguments, PromiseOfClient: PromiseConstructor = Promise) {
    this.#args = args
    const [config] = args
    // pg's own words.
    if (config === null || config === undefined) throw new TypeError('Client was passed a null or undefined query')
    if (isSubmittable(config)) {
      this.result = config
      heedEarlyClose(config)
    } else if (!hasCallback(args)) {
      this.result = new PromiseOfClient((resolve, reject) => {
        this.#settle = { resolve, reject }
      })
    }
  }

  /**
   * Limits the call as pg's `query_timeout` does, from the call of `query` on.
   *
   * @param ofClient the `query_timeout` of the client, in milliseconds
   * @param giveUp called when the time is over while the call still waits
   */
  limit(ofClient: unknown, giveUp: () => void): void {
    const [config] = this.#args as readonly [Timed | string | null | undefined]
    const ofCall = typeof config === 'object' ? config?.query_timeout : undefined
    const millis = Number(ofCall || ofClient)
    if (!(millis > 0)) return
    const end = (): void => {
      giveUp()
      // pg's own words.
      this.fail(new Error('Query read timeout'))
    }
    this.#limit = { timer: setTimeout(end, millis), endsAt: performance.now() + millis }
  }

  /** Sends the statement in the async context of its call. */
  send(send: Send): void {
    const args = this.#remaining()
    this.#context.runInAsyncScope(() => {
      try {
        const sent = send(args)
        this.#settle?.resolve(sent)
      } catch (error) {
        this.fail(error as Error)
      }
    })
  }

  #remaining(): Arguments {
    if (this.#limit === undefined) return this.#args
    const { timer, endsAt } = this.#limit
    clearTimeout(timer)
    return withLimit(this.#args, Math.max(1, Math.ceil(endsAt - performance.now())))
  }

  /** @param connection what pg passes to a query object with an error */
  fail(error: Error, connection?: unknown): void {
    clearTimeout(this.#limit?.timer)
    if (this.#settle === undefined) this.#context.runInAsyncScope(refuseCall, undefined, this.#args, error, connection)
    else this.#settle.reject(error)
  }
}

/** The arguments with what remains of the limit. pg itself times a query object, from when it is sent. */
function withLimit([config, ...others]: Arguments, millis: number): Arguments {
  if (isSubmittable(config)) return [config, ...others]
  if (typeof config === 'string') return [{ text: config, query_timeout: millis }, ...others]
  return [Object.create(config as object, { query_timeout: ownProperty(millis) }) as unknown, ...others]
}

interface Timed {
  readonly query_timeout?: unknown
}

function hasCallback([config, ...others]: Arguments): boolean {
  const configured = typeof config === 'object' && config !== null ? (config as QueryConfig).callback : undefined
  return typeof configured === 'function' || others.some((arg) => typeof arg === 'function')
}
