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
    if (typeof onConnect === 'function') options.onConnect = watchOnConnect(this, onConnect as DriverFunction)
    if (typeof password === 'function') options.password = watchPassword(this, password as DriverFunction)
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

function watchOnConnect(hooks: PoolHooks, onConnect: DriverFunction): DriverFunction {
  return async function counted(this: unknown, ...args: unknown[]): Promise<unknown> {
    hooks.inHook++
    try {
      return await Reflect.apply(onConnect, this, args)
    } catch (error) {
      hooks.note(error, args[0])
      throw error
    } finally {
      hooks.inHook--
    }
  }
}

function watchPassword(hooks: PoolHooks, password: DriverFunction): DriverFunction {
  return async function counted(this: unknown, ...args: unknown[]): Promise<unknown> {
    hooks.inPassword++
    try {
      return await Reflect.apply(password, this, args)
    } catch (error) {
      hooks.note(error)
      throw error
    } finally {
      hooks.inPassword--
    }
  }
}

function watchVerify(hooks: PoolHooks, verify: DriverFunction): DriverFunction {
  return function counted(this: unknown, client: unknown, done: unknown): unknown {
    let isRunning = true
    hooks.inHook++
    const end = (error?: unknown): unknown => {
      if (isRunning) hooks.inHook--
      isRunning = false
      hooks.note(error, client)
      return (done as DriverFunction)(error)
    }
    return Reflect.apply(verify, this, [client, end])
  }
}

function isLost(client: unknown): boolean {
  return (client as { readonly _queryable?: boolean })._queryable === false
}
