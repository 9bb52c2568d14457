import type { Engine } from '@poolsafe/core/adapter'
import type { ClientLike, DriverFunction } from './types.ts'
import { unpatched } from './unpatched.ts'

/** Internals of a client of pg. A client of pg-native has no connection. */
interface ClientInternals extends ClientLike {
  connect: DriverFunction
  end: DriverFunction
  readonly connection?: Connection
}

interface Connection {
  on(event: 'parameterStatus', listener: (message: ParameterStatus) => void): void
  off(event: 'parameterStatus', listener: (message: ParameterStatus) => void): void
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

/**
 * Calls `hear` for each client that the pool creates from now on, before any other listener. The login messages arrive
 * before pg-pool hands a client out, and listeners that are prepended later run before ours. The clients keep their
 * class.
 */
export function watchNewClients(pool: object, hear: (client: ClientLike) => void): void {
  const holder = pool as { Client?: new (...args: unknown[]) => ClientLike }
  const { Client } = holder
  if (typeof Client !== 'function') return
  const watched: typeof Client = new Proxy(Client, {
    construct(target, args, newTarget) {
      const client = Reflect.construct(target, args, newTarget === watched ? target : newTarget) as ClientLike
      hear(client)
      return client
    },
  })
  holder.Client = watched
}

/**
 * Compares what the pooler reports at login with the guard's profile. In strict mode the login fails if they differ.
 */
export function watchLogin(client: ClientLike, guard: Engine): void {
  const { connection, connect: patched, end } = client as ClientInternals
  const login = unpatched(patched)
  if (connection === undefined) return
  const parameterStatus: Record<string, string> = {}
  const hear = ({ parameterName, parameterValue }: ParameterStatus): void => {
    parameterStatus[parameterName] = parameterValue
  }
  function refuse(): Error | undefined {
    connection?.off('parameterStatus', hear)
    const error = guard.refuseProfile({ parameterStatus }, connect)
    // pg-pool assumes that a client whose login failed is closed.
    if (error !== undefined) Reflect.apply(end, client, [() => {}])
    return error
  }
  function connect(this: unknown, ...args: unknown[]): unknown {
    connection?.on('parameterStatus', hear)
    const [callback] = args as [DriverFunction | undefined]
    if (callback !== undefined) return Reflect.apply(login, client, [judged(callback, refuse)])
    return (Reflect.apply(login, client, []) as Promise<unknown>).then((connected) => {
      const error = refuse()
      if (error !== undefined) throw error
      return connected
    })
  }
  ;(client as ClientInternals).connect = connect
}

function judged(callback: DriverFunction, refuse: () => Error | undefined): DriverFunction {
  return (error, ...others) => {
    const refusal = error ? undefined : refuse()
    return refusal === undefined ? callback(error, ...others) : callback(refusal)
  }
}
