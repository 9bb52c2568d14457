import { isOfServer } from '@poolsafe/core/adapter'
import type { DriverFunction } from './types.ts'

/** The functions of the application that pg-pool calls before a new connection can be used. */
export interface HookOptions {
  onConnect?: unknown
  password?: unknown
  /** Has a callback as its last argument. */
  verify?: unknown
}

/**
 * Watches the functions of the application that run before a new connection can be used: how many run now, and which
 * errors are theirs. A token service that refuses a connection says nothing about the server.
 */
export class PoolHooks {
  /** New connections whose `onConnect` or `verify` still runs. */
  inHook = 0
  /** New connections that wait for the password function. */
  inPassword = 0
  readonly #errors = new WeakSet<object>()

  constructor(options: HookOptions | undefined) {
    if (options === undefined) return
    const { onConnect, password, verify } = options
    if (typeof onConnect === 'function') options.onConnect = watchPromised(this, 'inHook', onConnect as DriverFunction)
    if (typeof password === 'function') options.password = watchPromised(this, 'inPassword', password as DriverFunction)
    if (typeof verify === 'function') options.verify = watchVerify(this, verify as DriverFunction)
  }

  /** Returns true for an error that the application's own function failed with. */
  failedWith(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#errors.has(error)
  }

  /**
   * Notes an error of a function.
   *
   * @param client the new connection, if the function works on it: the failures of that are the server's
   */
  note(error: unknown, client?: unknown): void {
    if (typeof error !== 'object' || error === null) return
    if (client === undefined || (!isOfServer(error) && !isLost(client))) this.#errors.add(error)
  }
}

/** @param counter counts its calls. What counts as `inHook` has the new connection as its first argument. */
function watchPromised(hooks: PoolHooks, counter: 'inHook' | 'inPassword', hook: DriverFunction): DriverFunction {
  return async function watched(this: unknown, ...args: unknown[]): Promise<unknown> {
    hooks[counter]++
    try {
      return await Reflect.apply(hook, this, args)
    } catch (error) {
      hooks.note(error, counter === 'inHook' ? args[0] : undefined)
      throw error
    } finally {
      hooks[counter]--
    }
  }
}

function watchVerify(hooks: PoolHooks, verify: DriverFunction): DriverFunction {
  return function watched(this: unknown, client: unknown, done: unknown): unknown {
    let isRunning = true
    hooks.inHook++
    const stop = (): void => {
      if (isRunning) hooks.inHook--
      isRunning = false
    }
    const end = (error?: unknown): unknown => {
      stop()
      hooks.note(error, client)
      return (done as DriverFunction)(error)
    }
    try {
      return Reflect.apply(verify, this, [client, end])
    } catch (error) {
      stop()
      throw error
    }
  }
}

function isLost(client: unknown): boolean {
  return (client as { readonly _queryable?: boolean })._queryable === false
}
