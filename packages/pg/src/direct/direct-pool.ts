import { poolers, type DetectedPooler } from '@poolsafe/core'
import type { Engine } from '@poolsafe/core/adapter'
import { sessionTexts, type Gate } from '@poolsafe/core/internal'
import { askOn } from '../ask-idle.ts'
import { PooledConnectionError } from '../helpers/direct-connection.ts'
import type { ClientLike, PoolLike } from '../types.ts'
import { recordOf } from './wire-record.ts'

/** The pool of direct connections that checkouts of another pool move to. */
export class DirectPool {
  readonly pool: PoolLike
  readonly gate: Gate<ClientLike>
  /** Judges what is sent on a direct connection. */
  readonly guard: Engine
  readonly #isSessionPooler: boolean
  readonly #checked = new WeakSet<ClientLike>()
  readonly #moves = new Set<Promise<unknown>>()

  constructor(pool: PoolLike, gate: Gate<ClientLike>, guard: Engine, isSessionPooler: boolean) {
    this.pool = pool
    this.gate = gate
    this.guard = guard
    this.#isSessionPooler = isSessionPooler
  }

  get name(): string {
    return this.gate.record.name ?? 'direct'
  }

  /**
   * Checks a connection once. Behind a pooler, the login says so or gives a process id that is not the server's.
   *
   * @throws PooledConnectionError
   */
  async check(client: ClientLike): Promise<void> {
    if (this.#checked.has(client)) return
    const { connection, processID } = client as { readonly connection?: object; readonly processID?: number | null }
    const parameterStatus = connection === undefined ? {} : recordOf(connection).login
    refuse(poolers.detect({ parameterStatus }))
    if (!this.#isSessionPooler && typeof processID === 'number' && !saysSessionMode(parameterStatus)) {
      const [row] = await askOn(client, sessionTexts.backendPid)
      refuse(poolers.detect({ processId: processID, backendPid: Number(row?.['pid']) }))
    }
    this.#checked.add(client)
  }

  /** Runs the hook of the pool for new connections: DISCARD ALL has taken back what it had set. */
  prepare(client: ClientLike): unknown {
    const { options } = this.pool as { readonly options?: { readonly onConnect?: (client: ClientLike) => unknown } }
    return options?.onConnect?.(client)
  }

  /** Notes a checkout that uses a connection until `over` settles. */
  note(over: Promise<unknown>): void {
    this.#moves.add(over)
    void over.then(() => this.#moves.delete(over))
  }

  /** Resolves when no moved checkout is left. */
  async idle(): Promise<void> {
    while (this.#moves.size > 0) await Promise.all(this.#moves)
  }
}

function saysSessionMode(parameterStatus: Readonly<Record<string, string>>): boolean {
  return poolers.detect({ parameterStatus })?.profile.carries.listen === 'kept'
}

function refuse(detected: DetectedPooler | undefined): void {
  if (detected !== undefined && detected.profile.carries.listen !== 'kept')
    throw new PooledConnectionError('guardPool(): direct', detected.because)
}
