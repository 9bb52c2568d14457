import { pickWorst, randomFrom } from './order.ts'
import type { ServerSession } from './server-session.ts'

/** The number of sessions and what to do with each. */
export interface SessionPlan {
  /** Number of sessions that are opened immediately. */
  readonly size: number
  /** Maximum number of sessions while clients hold the others. */
  readonly maxSize: number
  readonly seed: number
  /** Sessions are not ended to make room for new ones. */
  readonly keepsSessions: boolean
  readonly open: () => Promise<ServerSession>
}

/** Called after a transaction. @returns true if the session may be reused */
export type Settle = (session: ServerSession) => Promise<boolean>

/** A place for one session at a time. */
export class Slot {
  /** True if a client has it or is about to get it. */
  isHeld = false
  session: ServerSession | undefined
  /** The last client that used it. */
  lastUser: object | undefined
  /** The work that must finish before the session can be used: opening or settling it. */
  work: Promise<void> | undefined
  #failure: unknown

  /** @throws the error of opening the session */
  take(): ServerSession | undefined {
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      throw failure
    }
    return this.session?.isOver === false ? this.session : undefined
  }

  /** Stores the session that `work` returns; it is not available before. */
  renew(work: Promise<ServerSession | undefined>): Promise<void> {
    const renewing = work
      .then(
        (session) => (this.session = session),
        (error: unknown) => (this.#failure = error),
      )
      .then(() => void (this.work = undefined))
    return (this.work = renewing)
  }
}

/** A client that wants a session. */
export interface Wish {
  readonly user: object
  /** The session that it must not get. */
  readonly previous: Slot | undefined
  readonly onSlot: OnSlot
}

/** Called with a slot and its session, or with the error. */
export type OnSlot = (slot: Slot, session: ServerSession | undefined, error?: unknown) => void

/** The sessions of one user and database. A client never gets the session that it had before. */
export class Sessions {
  readonly #plan: SessionPlan
  readonly #slots: Slot[]
  readonly #random: () => number
  readonly #waiting: Wish[] = []
  #defaults: ReadonlyMap<string, string> | undefined
  /** Sessions that are ending. */
  readonly #retiring = new Set<Promise<void>>()

  constructor(plan: SessionPlan) {
    this.#plan = plan
    this.#random = randomFrom(plan.seed)
    this.#slots = Array.from({ length: plan.size }, () => new Slot())
  }

  /**
   * Returns the parameters that a new session reports, such as `TimeZone`. Opens a session if there is none so far.
   *
   * @throws the error of opening the session
   */
  async defaults(): Promise<ReadonlyMap<string, string>> {
    const [slot] = this.#slots as [Slot]
    while (this.#defaults === undefined) {
      await (slot.work ?? slot.renew(this.#plan.open()))
      const session = slot.take()
      if (session === undefined) continue
      this.#defaults ??= new Map(session.parameters)
      this.#warm()
    }
    return this.#defaults
  }

  /**
   * Opens the remaining sessions in advance. A failure is retried when the session is needed.
   */
  #warm(): void {
    for (const slot of this.#slots) {
      if (slot.session === undefined && slot.work === undefined)
        void slot.renew(this.#plan.open().catch(() => undefined))
    }
  }

  /** Calls back synchronously if a session is free. */
  acquire(wish: Wish): void {
    const { user, previous, onSlot } = wish
    const free = this.#slots.filter((slot) => !slot.isHeld && slot !== previous)
    const slot = pickWorst(free, (each) => harmOf(each, user), this.#random) ?? this.#another(previous)
    if (slot === undefined) this.#waiting.push(wish)
    else {
      slot.isHeld = true
      slot.lastUser = user
      this.#hand(slot, onSlot)
    }
  }

  /**
   * Returns a new slot, or at the limit the client's last slot with a new session. State in poisoned sessions must
   * stay, so a further session is opened instead of ending one. It is only needed while clients hold all others.
   */
  #another(previous: Slot | undefined): Slot | undefined {
    const isOwnFree = previous !== undefined && !previous.isHeld
    if (this.#slots.length < this.#plan.maxSize || (isOwnFree && this.#plan.keepsSessions)) {
      const slot = new Slot()
      this.#slots.push(slot)
      return slot
    }
    if (!isOwnFree) return undefined
    void previous.renew(this.#replace(previous, previous.work))
    return previous
  }

  async #replace(slot: Slot, work: Promise<void> | undefined): Promise<undefined> {
    await work
    if (slot.session !== undefined) this.retire(slot.session)
    return undefined
  }

  /** Ends a session that must not be reused. */
  retire(session: ServerSession): void {
    const retiring = session.end().finally(() => this.#retiring.delete(retiring))
    this.#retiring.add(retiring)
  }

  #hand(slot: Slot, onSlot: OnSlot): void {
    if (slot.work !== undefined) return void slot.work.then(() => this.#hand(slot, onSlot))
    try {
      const session = slot.take()
      if (session !== undefined) onSlot(slot, session)
      else void slot.renew(this.#plan.open()).then(() => this.#hand(slot, onSlot))
    } catch (error) {
      onSlot(slot, undefined, error)
    }
  }

  /** Releases a session. It is not available before `settle` has resolved. */
  release(slot: Slot, settle?: Settle): void {
    const { session } = slot
    if (session !== undefined && !session.isOver && settle !== undefined) {
      void slot.renew(
        settle(session).then((mayStay) => {
          if (mayStay) return session
          this.retire(session)
          return undefined
        }),
      )
    }
    slot.isHeld = false
    const next = this.#waiting.shift()
    if (next !== undefined) this.acquire(next)
  }

  /** Releases a slot whose session must not be reused. */
  drop(slot: Slot): void {
    if (slot.session !== undefined) this.retire(slot.session)
    slot.session = undefined
    this.release(slot)
  }

  /** Forgets a client that is waiting. */
  forget(onSlot: OnSlot): void {
    const at = this.#waiting.findIndex((waiter) => waiter.onSlot === onSlot)
    if (at !== -1) this.#waiting.splice(at, 1)
  }

  /** Resolves when nothing is being opened or settled. */
  async settled(): Promise<void> {
    for (let work = this.#work(); work.length > 0; work = this.#work()) await Promise.all(work)
  }

  #work(): Promise<void>[] {
    return this.#slots.flatMap(({ work }) => work ?? [])
  }

  /** Ends all sessions. */
  async end(): Promise<void> {
    await this.settled()
    await Promise.all([...this.#retiring, ...this.#slots.map(({ session }) => session?.end())])
  }
}

/**
 * The worst choice for a client is a session that another client has just used, then a new one. Its own session would
 * still have its state.
 */
function harmOf({ lastUser }: Slot, user: object): number {
  if (lastUser === undefined) return 1
  return lastUser === user ? 0 : 2
}
