import { Alarm, type Clock } from '../../measure/clock.ts'

/** Fingerprints that are remembered at once, some 1 kB each; of more, those that were slow first are forgotten. */
const most = 1000

/** A slow statement, as far as it decides what is logged. */
export interface Slow {
  readonly level: 'slow' | 'verySlow'
  readonly durationMillis: number
}

/** What was slow since the last line of its fingerprint, and was not logged. */
export interface Rest {
  /** How many. */
  readonly count: number
  readonly longestMillis: number
  /** For how long they were collected. */
  readonly overMillis: number
}

/** One fingerprint. */
interface Entry<Told extends Slow> {
  /** Not before then may the next line be written; `-Infinity` before the first. */
  closedUntil: number
  /** Since when the rest is counted. */
  firstAt: number
  count: number
  longestMillis: number
  /** The worst of those that the sample lets through. */
  worst: Told | undefined
}

/**
 * Lets one slow statement of each fingerprint through in an interval, and counts the rest: in bounded memory, on a
 * clock that never jumps.
 */
export class SlowRepeats<Told extends Slow> {
  readonly #entries = new Map<string, Entry<Told>>()
  readonly #intervalMillis: number
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #tellRest: (worst: Told, rest: Rest) => void

  /** @param tellRest at the end of an interval: the worst of the rest, and how many others there are */
  constructor(intervalMillis: number, clock: Clock, tellRest: (worst: Told, rest: Rest) => void) {
    this.#intervalMillis = intervalMillis
    this.#clock = clock
    this.#tellRest = tellRest
    this.#alarm = new Alarm(clock, (now) => this.#ring(now))
  }

  /**
   * A statement was slow.
   *
   * @param isSampled whether it may be logged at all
   * @returns whether it is logged now, with the rest that its line tells; where it is not, how many there are before it
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

  /** A line is written: its interval begins. */
  #open(entry: Entry<Told>, now: number): void {
    entry.firstAt = now
    entry.closedUntil = now + this.#intervalMillis
    entry.count = 0
    entry.longestMillis = 0
    entry.worst = undefined
    this.#alarm.expect(entry.closedUntil)
  }

  /**
   * Intervals are over: each that has a rest is told, and the next begins; of what was quiet nothing is kept. @returns
   * the next end
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
