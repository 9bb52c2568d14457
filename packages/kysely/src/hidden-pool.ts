import type { Engine } from '@poolsafe/core/adapter'
import { LostConnections, systemClock } from '@poolsafe/core/internal'
import type { DatabaseConnection, Driver } from 'kysely'
import type { EventEmitter } from 'node:events'
import { postgresPrototypeOf } from './early-adoption.ts'

type Listener = (...args: unknown[]) => unknown

/** pg-pool marks the error of an idle client with that client, and emits it on the pool. */
interface IdleError extends Error {
  readonly client: object
}

/** The description of the symbol that Node sets on an error that it throws because nothing listens for it. */
const markOfNode = 'kEnhanceStackBeforeInspector'

const watched = new WeakSet<object>()
const losses = new WeakMap<Engine, LostConnections<unknown>>()

/**
 * Keeps the process alive when an unguarded pool loses a connection on which no statement runs.
 *
 * PostgresDialect keeps its pool, and the client of each connection, in private fields. When an idle connection is
 * lost, pg-pool emits `error` on the pool; when a transaction holds it, pg emits `error` on the client. Without a
 * listener Node throws, through the pg connection that received the error. That connection can be reached:
 * PostgresDriver passes any SQL value to pg, and pg passes its connection to a query object.
 *
 * @param execute `executeQuery` of the connection before it is guarded
 */
export function surviveHiddenLosses(
  driver: Driver,
  connection: DatabaseConnection,
  execute: DatabaseConnection['executeQuery'],
  guard: Engine,
): void {
  if (watched.has(connection) || postgresPrototypeOf(driver) === undefined) return
  watched.add(connection)
  const probe = new ConnectionProbe((wire) => survive(wire, guard))
  const query = { sql: probe, parameters: [], query: {} } as unknown as Parameters<typeof execute>[0]
  execute(query).catch(() => {})
}

/** A query object that sends nothing. pg passes it the connection when it reports that there was nothing to send. */
class ConnectionProbe {
  /** pg replaces it by its own callback to stop a `query_timeout`. */
  callback: ((error: Error) => void) | undefined
  readonly #found: (wire: EventEmitter) => void

  constructor(found: (wire: EventEmitter) => void) {
    this.#found = found
  }

  submit(): Error {
    return new Error('poolsafe looks for the connection of this client')
  }

  handleError(error: Error, wire: unknown): void {
    this.callback?.(error)
    if (typeof (wire as Partial<EventEmitter> | undefined)?.rawListeners === 'function')
      this.#found(wire as EventEmitter)
  }

  /** pg-native waits for the end of a query object. */
  once(_event: string, listener: () => void): void {
    process.nextTick(listener)
  }
}

/** Wraps only the listeners of failures, so it costs nothing until the connection fails. */
function survive(wire: EventEmitter, guard: Engine): void {
  let isNoted = false
  const note = (error: Error): void => {
    // A client that a transaction holds reports the server's last message, and then its end.
    if (!isNoted) lossesOf(guard).note(error, undefined)
    isNoted = true
  }
  for (const event of ['errorMessage', 'error', 'end']) {
    const listeners = wire.rawListeners(event) as Listener[]
    wire.removeAllListeners(event)
    for (const listener of listeners) wire.on(event, surviving(listener, note))
  }
}

function surviving(listener: Listener, note: (error: Error) => void): Listener {
  return function survives(this: unknown, ...args: unknown[]): unknown {
    try {
      return Reflect.apply(listener, this, args)
    } catch (error) {
      if (!isIdleError(error) && !isUnheard(error, args[0])) throw error
      note(error)
      return undefined
    }
  }
}

/**
 * Returns true for an error that Node throws because the client has no listener for it. What a callback of the
 * application throws is another error, or lacks the mark that Node gives.
 *
 * @param received what the connection has received: the server's message, or the error of its socket
 */
function isUnheard(error: unknown, received: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const isOfClient = error === received || error.message === 'Connection terminated unexpectedly'
  return isOfClient && Object.getOwnPropertySymbols(error).some(({ description }) => description === markOfNode)
}

function isIdleError(error: unknown): error is IdleError {
  return error instanceof Error && typeof (error as Partial<IdleError>).client === 'object'
}

function lossesOf(guard: Engine): LostConnections<unknown> {
  const known = losses.get(guard) ?? new LostConnections({ clock: systemClock, watcher: guard })
  losses.set(guard, known)
  return known
}
