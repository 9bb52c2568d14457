import { Alarm, type Clock } from '../../measure/clock.ts'

/** Number of fingerprints that are remembered, about 1 kB each. The oldest ones are evicted first. */
const most = 1000

/** The properties of a slow statement that decide what is logged. */
export interface Slow {
  readonly level: 'slow' | 'verySlow'
  readonly durationMillis: number
}

/** Slow statements of a fingerprint that were not logged since its last log line. */
export interface Rest {
  /** Their number. */
  readonly count: number
  readonly longestMillis: number
  /** The time over which they were counted. */
  readonly overMillis: number
}

/** One fingerprint. */
interface Entry<Told extends Slow> {
  /** The earliest time of the next log line; `-Infinity` before the first. */
  closedUntil: number
  /** Start of the current count. */
  firstAt: number
  count: number
  longestMillis: number
  /** The slowest one that the sample rate lets through. */
  worst: Told | undefined
}

/**
 * Lets one slow statement of each fingerprint through in an interval and counts the rest. It uses bounded memory and a
 * monotonic clock.
 */
export class SlowRepeats<Told extends Slow> {
  readonly #entries = new Map<string, Entry<Told>>()
  readonly #intervalMillis: number
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #tellRest: (worst: Told, rest: Rest) => void

  /** @param tellRest called at the end of an interval with the slowest of the rest and the number of the others */
  constructor(intervalMillis: number, clock: Clock, tellRest: (worst: Told, rest: Rest) => void) {
    this.#intervalMillis = intervalMillis
    this.#clock = clock
    this.#tellRest = tellRest
    this.#alarm = new Alarm(clock, (now) => this.#ring(now))
  }

  /**
   * Call it for each slow statement.
   *
   * @param isSampled true if the sample rate allows logging it
   * @returns whether to log it now, with the rest that its line mentions; otherwise the number of statements before it
   */
  note(fingerprint: string, slow: Told, isSampled: boolean): { readonly isLogged: boolean; readonly rest: Rest } {
    const now = this.#clock.now()
    const entry = this.#entries.get(fingerprint) ?? this.#add(fingerprint, now)
    const rest = restOf(entry, now)
    const isLogged = isSampled && now >= entry.closedUntil
    if (isLogged) this.#open(entry, now)
    else count(entry, slow, isSampled)
    return { isLogged, rest }
  }

  #add(fingerprint: string, now: number): Entry<Told> {
    if (this.#entries.size >= most) this.#entries.delete(this.#entries.keys().next().value as string)
    const entry = { closedUntil: -Infinity, firstAt: now, count: 0, longestMillis: 0, worst: undefined }
    this.#entries.set(fingerprint, entry)
    return entry
  }

  /** Starts an interval after a log line. */
  #open(entry: Entry<Told>, now: number): void {
    entry.firstAt = now
    entry.closedUntil = now + this.#intervalMillis
    entry.count = 0
    entry.longestMillis = 0
    entry.worst = undefined
    this.#alarm.expect(entry.closedUntil)
  }

  /**
   * Ends the intervals that are over: reports each rest and starts the next interval, and forgets fingerprints without
   * a rest. @returns the next end
   */
  #ring(now: number): number {
    let next = Infinity
    for (const [fingerprint, entry] of this.#entries) {
      if (entry.closedUntil <= now) this.#end(fingerprint, entry, now)
      if (entry.closedUntil > now) next = Math.min(next, entry.closedUntil)
    }
    return next
  }

  #end(fingerprint: string, entry: Entry<Told>, now: number): void {
    const { worst } = entry
    if (worst !== undefined) {
      const rest = { ...restOf(entry, now), count: entry.count - 1 }
      this.#open(entry, now)
      this.#tellRest(worst, rest)
    } else if (entry.count === 0) this.#entries.delete(fingerprint)
  }
}

function restOf<Told extends Slow>(entry: Entry<Told>, now: number): Rest {
  return { count: entry.count, longestMillis: entry.longestMillis, overMillis: now - entry.firstAt }
}

function count<Told extends Slow>(entry: Entry<Told>, slow: Told, isSampled: boolean): void {
  entry.count++
  entry.longestMillis = Math.max(entry.longestMillis, slow.durationMillis)
  if (isSampled && (entry.worst === undefined || isWorse(slow, entry.worst))) entry.worst = slow
}

function isWorse(one: Slow, other: Slow): boolean {
  return one.level === other.level ? one.durationMillis > other.durationMillis : one.level === 'verySlow'
}
