import type { ClientSettings } from './client-settings.ts'
import { errorResponse } from './protocol.ts'
import type { Served, ServerSession } from './server-session.ts'
import type { OnSlot, Sessions, Settle, Slot } from './sessions.ts'

/** How a client gets a session. */
export interface CheckoutParts {
  readonly sessions: Sessions
  readonly settings: ClientSettings
  readonly served: Served
  /** No session is available; `response` has the error for the client. */
  readonly onRefused: (response: Buffer) => void
}

/** Assigns sessions to a client, never the same one twice in a row. */
export class Checkout {
  readonly #parts: CheckoutParts
  #slot: Slot | undefined
  #previous: Slot | undefined
  #session: ServerSession | undefined
  /** The callback that waits for a session. */
  #onSlot: OnSlot | undefined
  #isOver = false

  constructor(parts: CheckoutParts) {
    this.#parts = parts
  }

  get session(): ServerSession | undefined {
    return this.#session
  }

  get isWaiting(): boolean {
    return this.#onSlot !== undefined
  }

  /** Calls back with a session that has the client's settings; synchronously if one is free. */
  take(then: (session: ServerSession) => void): void {
    const onSlot: OnSlot = (slot, session, error) => {
      if (session === undefined) this.#refuse(slot, error)
      else this.#restore(slot, session, then)
    }
    this.#onSlot = onSlot
    this.#parts.sessions.acquire({ user: this, previous: this.#previous, onSlot })
  }

  #restore(slot: Slot, session: ServerSession, then: (session: ServerSession) => void): void {
    const sql = this.#parts.settings.restoration(session)
    if (sql === undefined) this.#link(slot, session, then)
    else void this.#restoreBy(sql, slot, session, then)
  }

  async #restoreBy(
    sql: string,
    slot: Slot,
    session: ServerSession,
    then: (session: ServerSession) => void,
  ): Promise<void> {
    const { error } = await session.query(sql)
    if (error === undefined) this.#link(slot, session, then)
    else this.#refuse(slot, new Error('invalid server parameter'))
  }

  #link(slot: Slot, session: ServerSession, then: (session: ServerSession) => void): void {
    this.#onSlot = undefined
    if (this.#isOver) return this.#parts.sessions.release(slot)
    this.#slot = slot
    this.#session = session
    this.#parts.settings.adopt(session)
    session.serve(this.#parts.served)
    then(session)
  }

  #refuse(slot: Slot, error: unknown): void {
    this.#onSlot = undefined
    this.#parts.sessions.release(slot)
    const response = (error as { response?: Buffer }).response
    const text = error instanceof Error ? error.message : String(error)
    if (!this.#isOver) this.#parts.onRefused(response ?? errorResponse('FATAL', '08P01', text))
  }

  /** Call it at the end of a transaction. */
  giveBack(settle?: Settle): void {
    const slot = this.#leave()
    this.#previous = slot
    if (slot !== undefined) this.#parts.sessions.release(slot, settle)
  }

  /** Call it when the client is gone: a session in use ends. */
  end(): void {
    this.#isOver = true
    if (this.#onSlot !== undefined) this.#parts.sessions.forget(this.#onSlot)
    const slot = this.#leave()
    if (slot !== undefined) this.#parts.sessions.drop(slot)
  }

  #leave(): Slot | undefined {
    const slot = this.#slot
    this.#session?.serve(undefined)
    this.#session = undefined
    this.#slot = undefined
    return slot
  }
}
