import { performance } from '@poolsafe/core/internal'
import { knownLifeOf } from '../living-client.ts'
import { forgetFailureHearers } from '../query-failures.ts'
import type { ClientLike } from '../types.ts'
import type { MovableClient, MovableHome, MovablePool, WireConnection } from './internals.ts'
import { recordOf } from './wire-record.ts'

/** A connection without a client: its socket, and the key of its login. */
interface Wire {
  readonly connection: WireConnection
  readonly processID: number | null
  readonly secretKey: number | null
  readonly uses: number
}

/** The wire that the next client of a pool is made for. */
const nextWires = new WeakMap<object, Wire>()

/**
 * Makes a pool able to put a client around an open connection. pg-pool knows its clients by identity, and a moved
 * checkout keeps its client object, so the connection goes back inside a new one.
 */
export function reviveWires(pool: MovablePool): void {
  const holder = pool as unknown as { Client: new (...args: unknown[]) => MovableClient }
  const { Client } = holder
  const reviving: typeof Client = new Proxy(Client, {
    construct(target, args, newTarget) {
      const wire = nextWires.get(pool)
      const own = newTarget === reviving ? target : newTarget
      if (wire === undefined) return Reflect.construct(target, args, own) as MovableClient
      nextWires.delete(pool)
      const options = args[0] as { readonly password?: unknown }
      // pg-pool keeps the password from being enumerated.
      const config = { ...options, password: options.password, connection: wire.connection }
      const client = Reflect.construct(target, [config], own) as MovableClient
      if (client.connection === wire.connection) login(client, wire)
      // A class of the application that opens a connection of its own.
      else closeWire(wire.connection)
      return client
    },
  })
  holder.Client = reviving
}

/**
 * Gives the connection of a client back to its pool, and leaves the client object to the application. For the pool,
 * its listeners and its hooks this client is closed, and another one has connected.
 */
export function handBack({ pool, source }: MovableHome, client: MovableClient): void {
  const wire = stripped(client)
  pool._clients = pool._clients.filter((each) => each !== client)
  pool.emit('release', undefined, client)
  pool.emit('remove', client)
  for (const ended of recordOf(wire.connection).ended) ended()
  if (!mayLiveOn(pool, wire)) return closeWire(wire.connection)
  nextWires.set(pool, wire)
  try {
    pool.newClient({
      callback(_error, revived, release) {
        if (revived !== undefined) source.takeBack(revived, release)
      },
    })
  } catch {
    // The application's class of clients cannot be made. The pool's next caller learns that.
    nextWires.delete(pool)
    closeWire(wire.connection)
  }
}

/** Takes all listeners and wrappers of a client off its connection. */
function stripped({ connection, processID, secretKey, _poolUseCount: uses = 0 }: MovableClient): Wire {
  for (const event of connection.eventNames()) {
    if (event !== 'newListener') connection.removeAllListeners(event)
  }
  // The first one is pg's own.
  for (const listener of connection.listeners('newListener').slice(1)) connection.off('newListener', listener)
  const prototype = Object.getPrototypeOf(connection) as object
  for (const name of Object.keys(connection)) {
    if (name in prototype && typeof Reflect.get(connection, name) === 'function')
      Reflect.deleteProperty(connection, name)
  }
  forgetFailureHearers(connection)
  // Until the next client listens.
  connection.on('error', () => {})
  return { connection, processID, secretKey, uses: uses + 1 }
}

function mayLiveOn(pool: MovablePool, { connection, uses }: Wire): boolean {
  const { maxLifetimeSeconds = 0, maxUses = Infinity } = pool.options
  const { destroyed } = connection.stream as { readonly destroyed?: boolean }
  if (pool.ending === true || destroyed === true || uses >= maxUses) return false
  const ageMillis = performance.now() - recordOf(connection).openedAt
  return maxLifetimeSeconds === 0 || ageMillis < maxLifetimeSeconds * 1000
}

function closeWire(connection: WireConnection): void {
  connection.on('error', () => {})
  ;(connection as WireConnection & { end(): void }).end()
}

/** Repeats to a new client what the login of its connection has said. */
function login(client: MovableClient, { connection, processID, secretKey, uses }: Wire): void {
  client._poolUseCount = uses
  connection.connect = () => {
    Reflect.deleteProperty(connection, 'connect')
    process.nextTick(() => {
      for (const [parameterName, parameterValue] of Object.entries(recordOf(connection).now))
        connection.emit('parameterStatus', { parameterName, parameterValue })
      connection.emit('backendKeyData', { processID, secretKey })
      connection.emit('readyForQuery', { name: 'readyForQuery', status: 'I' })
    })
  }
}

/** Returns true if the connection of a client can go back without the client. */
export function canHandBack(client: ClientLike): client is MovableClient {
  const { connection } = client as Partial<MovableClient>
  const life = knownLifeOf(client)
  return typeof connection?.eventNames === 'function' && life?.loss === undefined && life?.unfitFor === undefined
}
