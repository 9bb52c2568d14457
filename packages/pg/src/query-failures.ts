/** What pg tells of a failed query to. */
export interface FailingQuery {
  handleError?: (error: unknown, connection: unknown) => unknown
}

/** Hears the failure of a query before the query does. */
export type HearFailure = (query: FailingQuery, error: unknown) => void

/** Where a connection keeps who hears the failures of its queries. */
const hearersKey = Symbol('poolsafe.failureHearers')

interface HeardConnection {
  [hearersKey]?: HearFailure[]
}

const heard = new WeakSet<FailingQuery>()

/**
 * Hears the failures of all queries of pg's own class on this connection, and of those that `hearFailures` was given.
 */
export function onQueryFailure(client: { readonly constructor: unknown }, connection: object, hear: HearFailure): void {
  const { [hearersKey]: hearers } = connection as HeardConnection
  if (hearers === undefined) Object.defineProperty(connection, hearersKey, { value: [hear] })
  else hearers.push(hear)
  hearFailures((client.constructor as { readonly Query?: { readonly prototype: FailingQuery } }).Query?.prototype)
}

/**
 * pg reports every failure of a query to its `handleError`: what the server says, what the client cannot send, a
 * connection that is lost, a timeout. For pg's own queries this patches the class. Connections that nobody hears ignore
 * it.
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
