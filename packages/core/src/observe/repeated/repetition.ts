import { type Site, formatCallSite } from '../../stack/call-site.ts'
import { layerOf } from '../event-of.ts'
import type { Layer } from '../../stack/origin.ts'
import type { Execution } from '../execution.ts'
import type { Shape } from '../shape/shape.ts'

/** When a statement is repeated, and how closely that is looked at. */
export interface RepetitionLimits {
  /** How often is not too often. */
  readonly limit: number
  /**
   * How many lines are taken of one shape in one scope: beyond them a statement is taken to come from where the one
   * before it came.
   */
  readonly mostSites: number
  /** Whether the first of a shape is worth its line as well, which costs each statement of a request a stack. */
  readonly takesFirst: boolean
}

/** The same statement from the same place, too often. */
export interface FoundRepetition {
  readonly shape: Shape
  readonly operation: string | undefined
  readonly layer: Layer
  readonly place: string | undefined
  readonly count: number
  readonly totalMillis: number
}

type Group = { -readonly [Field in keyof FoundRepetition]: FoundRepetition[Field] }

interface Unread {
  readonly execution: Execution
  readonly site: Site
  readonly millis: number
}

/** Requests in which all lines are taken of a shape after one that passed the limit: it may be one page of many. */
const looksAfterLimit = 100

/** Stacks that are kept before they are put into words: each holds on to what it passed through. */
const mostUnread = 64

/**
 * All statements of one shape in one scope. A line costs more than everything else that is done for a statement. So all
 * are taken of a shape in the first requests that repeat it, and in the next hundred that send it once one has passed
 * the limit; else only beyond the limit.
 */
export class Repetition {
  readonly #shape: Shape
  readonly #limits: RepetitionLimits
  readonly #isExact: boolean
  #groups: Map<string, Group> | undefined
  #begun = 0
  #count = 0
  #wanted = 0
  #unread: Unread[] = []
  /** Those whose line was not taken: before the limit, and beyond the most lines. */
  #earlyCount = 0
  #earlyMillis = 0
  #restCount = 0
  #restMillis = 0
  /** The place of the last one that was put into words. */
  #latest: Group | undefined

  constructor(shape: Shape, limits: RepetitionLimits) {
    this.#shape = shape
    this.#limits = limits
    this.#isExact = limits.takesFirst || shape.looks-- > 0
    if (shape.looks <= 0) shape.wasRepeated = false
  }

  /** @returns whether its line is wanted */
  begin(): boolean {
    const { limit, mostSites } = this.#limits
    const isWanted = ++this.#begun > limit || this.#isExact
    return isWanted && ++this.#wanted <= mostSites
  }

  end(execution: Execution, millis: number): void {
    const { site } = execution
    if (site === undefined) return this.endUnseen(millis)
    this.#counted()
    this.#unread.push({ execution, site, millis })
    if (this.#unread.length % mostUnread === 0) this.#read(false)
  }

  /** One without a line. */
  endUnseen(millis: number): void {
    this.#counted()
    if (this.#wanted > this.#limits.mostSites) {
      this.#restCount++
      this.#restMillis += millis
    } else {
      this.#earlyCount++
      this.#earlyMillis += millis
    }
  }

  #counted(): void {
    if (++this.#count <= this.#limits.limit) return
    this.#shape.wasRepeated = true
    this.#shape.looks = looksAfterLimit
  }

  found(): FoundRepetition[] {
    const { limit } = this.#limits
    if (this.#count <= limit) return []
    this.#read(true)
    this.#addRest()
    this.#addEarly()
    return [...this.#found.values()].filter(({ count }) => count > limit)
  }

  /** @param isLast what is not known yet, as the call of an ORM goes on, will not be */
  #read(isLast: boolean): void {
    const unread = this.#unread
    this.#unread = unread.filter(({ site }) => site.stack === undefined && !isLast)
    for (const { execution, site, millis } of unread) {
      if (site.stack === undefined && !isLast) continue
      this.#latest = this.#groupOf(execution, formatCallSite(site.stack))
      add(this.#latest, 1, millis)
    }
  }

  #addRest(): void {
    if (this.#latest !== undefined) add(this.#latest, this.#restCount, this.#restMillis)
  }

  /** Those before the limit count where all others are from, if that is where the shape was seen first. */
  #addEarly(): void {
    const [only] = this.#found.size === 1 ? this.#found.values() : []
    if (only !== undefined && (this.#shape.place || undefined) === only.place)
      add(only, this.#earlyCount, this.#earlyMillis)
  }

  get #found(): Map<string, Group> {
    return (this.#groups ??= new Map())
  }

  #groupOf(execution: Execution, place: string | undefined): Group {
    const operation = execution.origin?.operation
    const key = `${operation ?? ''} ${place ?? ''}`
    const known = this.#found.get(key)
    if (known !== undefined) return known
    const group: Group = { shape: this.#shape, operation, layer: layerOf(execution), place, count: 0, totalMillis: 0 }
    this.#found.set(key, group)
    return group
  }
}

function add(group: Group, count: number, millis: number): void {
  group.count += count
  group.totalMillis += millis
}
