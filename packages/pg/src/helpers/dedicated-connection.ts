import { InvalidOptionError } from '@poolsafe/core'
import type { ClientLike } from '../types.ts'

/** A connection that one part of the application has to itself, such as the watch of `@poolsafe/operate`. */
export interface DedicatedConnection {
  /** Runs one text, which may hold several statements; the rows of the last one count. */
  readonly ask: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>
  /** The process id that the server, or a pooler in front of it, sent at login. */
  readonly processId: number
  readonly close: () => Promise<void>
}

/** The members of a client of pg that this file uses. */
interface Dedicated {
  readonly processID?: number | null
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  end(): Promise<void>
  query(sql: string): Promise<Answer | Answer[]>
}

interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/**
 * Connects a new client of pg that belongs to no pool.
 *
 * @throws InvalidOptionError for a value that is no client
 * @throws the client's error if it cannot connect
 */
export async function dedicatedConnection(client: ClientLike): Promise<DedicatedConnection> {
  const own = client as unknown as Dedicated
  if (typeof own?.connect !== 'function' || typeof own.end !== 'function' || 'idleCount' in own)
    throw new InvalidOptionError('dedicatedConnection()', client, 'a client of pg that is not connected yet')
  // The statement under way rejects; without a listener the process would end.
  own.on('error', () => {})
  try {
    await own.connect()
  } catch (error) {
    await own.end().catch(() => {})
    throw error
  }
  return {
    ask: async (sql) => {
      const answer = await own.query(sql)
      return (Array.isArray(answer) ? answer.at(-1)?.rows : answer.rows) ?? []
    },
    processId: own.processID ?? 0,
    close: async () => own.end(),
  }
}
