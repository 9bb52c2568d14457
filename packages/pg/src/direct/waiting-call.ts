import { AsyncResource } from 'node:async_hooks'
import { isSubmittable, refuseCall, type QueryConfig } from '../statement.ts'
import type { Arguments } from '../types.ts'
import { heedEarlyClose } from './early-close.ts'

type Send = (args: Arguments) => unknown

/** One call of `client.query` that waits for its connection. It answers in the form that the call uses. */
export class WaitingCall {
  /** What `client.query` returns. */
  readonly result: unknown
  /** The driver's query, once it is sent. */
  query: object | undefined
  readonly #args: Arguments
  readonly #context = new AsyncResource('poolsafe.waitingCall')
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

  /** Sends the statement in the async context of its call. */
  send(send: Send): void {
    this.#context.runInAsyncScope(() => {
      try {
        const sent = send(this.#args)
        this.#settle?.resolve(sent)
      } catch (error) {
        this.fail(error as Error)
      }
    })
  }

  /** @param connection what pg passes to a query object with an error */
  fail(error: Error, connection?: unknown): void {
    if (this.#settle === undefined) this.#context.runInAsyncScope(refuseCall, undefined, this.#args, error, connection)
    else this.#settle.reject(error)
  }
}

function hasCallback([config, ...others]: Arguments): boolean {
  const configured = typeof config === 'object' && config !== null ? (config as QueryConfig).callback : undefined
  return typeof configured === 'function' || others.some((arg) => typeof arg === 'function')
}
