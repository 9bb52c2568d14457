import { performance } from '@poolsafe/core/internal'
import type { ClientLike } from '../types.ts'

/** The messages that one connection to a server or a pooler has reported, while its socket is open. */
export interface WireRecord {
  /** The parameters that its login reported, and those that were reported last. */
  readonly login: Record<string, string>
  readonly now: Record<string, string>
  /** When it was opened, on the clock of `performance.now()`. */
  readonly openedAt: number
  /** Settings that a pooler keeps for this connection, in lower case. */
  readonly settings: Set<string>
  /** Other state that a pooler keeps for it, in the words of SQL. */
  other: string | undefined
  isOpen: boolean
  /** The listener of pg-pool for the end of the connection's present client. */
  ended: readonly (() => void)[]
}

/** The property of a connection object that holds its record. */
const recordKey = Symbol('poolsafe.wire')

interface Recorded {
  [recordKey]?: WireRecord
  on(event: 'parameterStatus' | 'readyForQuery', listener: (message: never) => void): unknown
}

/** A client with its listeners. */
interface Emitter extends ClientLike {
  readonly connection?: Recorded
  readonly rawListeners: (event: 'end') => (() => void)[]
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

/** Records what the connection of a new client reports. A connection that was recorded before keeps its record. */
export function recordWire(client: ClientLike): void {
  const { connection } = client as { readonly connection?: Recorded }
  if (connection === undefined) return
  const record = recordOf(connection)
  connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    record.now[parameterName] = parameterValue
    if (!record.isOpen) record.login[parameterName] = parameterValue
  })
  if (!record.isOpen) connection.on('readyForQuery', () => void (record.isOpen = true))
}

/** Returns the record of a connection object. */
export function recordOf(connection: object): WireRecord {
  const recorded = connection as Recorded
  if (recorded[recordKey] !== undefined) return recorded[recordKey]
  const value: WireRecord = {
    login: {},
    now: {},
    openedAt: performance.now(),
    settings: new Set(),
    other: undefined,
    isOpen: false,
    ended: [],
  }
  Object.defineProperty(connection, recordKey, { value })
  return value
}

/**
 * Notes how pg-pool listens to the end of a new client: its timer of `maxLifetimeSeconds` would keep the client alive.
 */
export function noteEnd(client: ClientLike): void {
  const emitter = client as Emitter
  if (emitter.connection !== undefined) recordOf(emitter.connection).ended = emitter.rawListeners('end')
}
