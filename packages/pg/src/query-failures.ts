/** An object to which pg reports the failure of a query. */
export interface FailingQuery {
  handleError?: (error: unknown, connection: unknown) => unknown
}

/** Receives the failure of a query before the query does. */
export type HearFailure = (query: FailingQuery, error: unknown) => void

/** The property of a connection that holds the hearers of its query failures. */
const hearersKey = Symbol('poolsafe.failureHearers')

interface HeardConnection {
  [hearersKey]?: HearFailure[]
}

const heard = new WeakSet<FailingQuery>()

/**
 * Calls a hearer for failures of all queries of pg's own class on this connection, and of the objects passed to
 * `hearFailures`.
 */
export function onQueryFailure(client: { readonly constructor: unknown }, connection: object, hear: HearFailure): void {
  const { [hearersKey]: hearers } = connection as HeardConnection
  if (hearers === undefined) Object.defineProperty(connection, hearersKey, { value: [hear] })
  else hearers.push(hear)
  hearFailures((client.constructor as { readonly Query?: { readonly prototype: FailingQuery } }).Query?.prototype)
}

/** Forgets the hearers of a connection whose client is another one from now on. */
export function forgetFailureHearers(connection: object): void {
  const { [hearersKey]: hearers } = connection as HeardConnection
  if (hearers !== undefined) hearers.length = 0
}

/**
 * Patches `handleError`, to which pg reports every failure of a query: errors of the server, queries that the client
 * cannot send, a lost connection, a timeout. For pg's own queries this patches the class. Connections without hearers
 * ignore it.
 *
 * @param target the prototype of pg's queries, or one query object of the application or of a library
 */
export function hearFailures(target: FailingQuery | undefined): void {
  if (typeof target?.handleError !== 'function' || heard.has(target)) return
  heard.add(target)
  const { handleError } = target
  const value = function (this: FailingQuery, ...args: [unknown, unknown]): unknown {
    const hearers = (args[1] as HeardConnection | undefined)?.[hearersKey]
    if (hearers !== undefined) for (const hear of hearers) hear(this, args[0])
    return Reflect.apply(handleError, this, args)
  }
  Object.defineProperty(target, 'handleError', { value, configurable: true, writable: true, enumerable: false })
}
