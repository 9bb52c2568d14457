import { pickWorst, randomFrom } from './order.ts'
import type { ServerSession } from './server-session.ts'

/** How many sessions there are, and what is done with one. */
export interface SessionPlan {
  /** Sessions that are opened at once. */
  readonly size: number
  /** Sessions that are opened at most, while clients hold the others. */
  readonly maxSize: number
  readonly seed: number
  /** A session is not ended for the sake of another one. */
  readonly keepsSessions: boolean
  readonly open: () => Promise<ServerSession>
}

/** After a transaction. @returns whether the session may be used on */
export type Settle = (session: ServerSession) => Promise<boolean>

/** A place for one session at a time. */
export class Slot {
  /** A client has it, or has been promised it. */
  isHeld = false
  session: ServerSession | undefined
  /** The client that has used it last. */
  lastUser: object | undefined
  /** What has to be over before the session can be used: it is being opened, or settled. */
  work: Promise<void> | undefined
  #failure: unknown

  /** @throws what went wrong when the session was opened */
  take(): ServerSession | undefined {
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      throw failure
    }
    return this.session?.isOver === false ? this.session : undefined
  }

  /** Puts the session there that `work` gives; nobody gets at it before. */
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

/** Who wants a session. */
export interface Wish {
  readonly user: object
  /** The one that it must not be. */
  readonly previous: Slot | undefined
  readonly onSlot: OnSlot
}

/** Gets a slot with its session, or why there is none. */
export type OnSlot = (slot: Slot, session: ServerSession | undefined, error?: unknown) => void

/** The sessions of one user and database. A client never gets the one that it had last. */
export class Sessions {
  readonly #plan: SessionPlan
  readonly #slots: Slot[]
  readonly #random: () => number
  readonly #waiting: Wish[] = []
  #defaults: ReadonlyMap<string, string> | undefined
  /** Sessions that are on their way out. */
  readonly #retiring = new Set<Promise<void>>()

  constructor(plan: SessionPlan) {
    this.#plan = plan
    this.#random = randomFrom(plan.seed)
    this.#slots = Array.from({ length: plan.size }, () => new Slot())
  }

  /**
   * What a new session reports: `TimeZone` and the like. Opens a session where there was none so far.
   *
   * @throws what keeps a session from being opened
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
   * Opens what is not open yet, so that nobody has to wait for it later. What fails now is tried again when it is
   * needed.
   */
  #warm(): void {
    for (const slot of this.#slots) {
      if (slot.session === undefined && slot.work === undefined)
        void slot.renew(this.#plan.open().catch(() => undefined))
    }
  }

  /** Calls back at once where a session is free. */
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
   * One more slot; where there may be no more, the client's last one with a new session in it. What is left in poisoned
   * sessions must stay: rather than end one, one more is opened. It is needed only while clients hold all others.
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

  /** Ends a session that nobody shall have any more. */
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

  /** Takes a session back. Nobody gets it before `settle` has resolved. */
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

  /** Takes back a slot whose session nobody shall have any more. */
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
 * Worst is a session that somebody else has just had, then a new one; the client's own would still hold what it left
 * there.
 */
function harmOf({ lastUser }: Slot, user: object): number {
  if (lastUser === undefined) return 1
  return lastUser === user ? 0 : 2
}
