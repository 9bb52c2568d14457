import { type Site, formatCallSite } from '../../stack/call-site.ts'
import { layerOf } from '../event-of.ts'
import type { Layer } from '../../stack/origin.ts'
import type { Execution } from '../execution.ts'
import type { Shape } from '../shape/shape.ts'

/** The limits of repetition. */
export interface RepetitionLimits {
  /** How often a statement may be sent. */
  readonly limit: number
  /** Number of call sites captured for one shape in one scope. Further statements count for the last call site. */
  readonly mostSites: number
  /**
   * Captures the call site of the first statement of a shape too. This costs a stack for every statement of a request.
   */
  readonly takesFirst: boolean
}

/** The same statement from the same call site, too often. */
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

/** Number of requests in which all call sites of a shape are captured after one request exceeded the limit. */
const looksAfterLimit = 100

/** Number of unformatted stacks that are kept; each keeps its frames' objects alive. */
const mostUnread = 64

/**
 * All statements of one shape in one scope. A call site costs more than everything else per statement. So all of them
 * are captured only in the first requests that repeat a shape, and in the next hundred requests after one exceeded the
 * limit; otherwise only beyond the limit.
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
  /** Statements without a call site: before the limit, and beyond the number of captured call sites. */
  #earlyCount = 0
  #earlyMillis = 0
  #restCount = 0
  #restMillis = 0
  /** The last formatted call site. */
  #latest: Group | undefined

  constructor(shape: Shape, limits: RepetitionLimits) {
    this.#shape = shape
    this.#limits = limits
    this.#isExact = limits.takesFirst || shape.looks-- > 0
    if (shape.looks <= 0) shape.wasRepeated = false
  }

  /** @returns true if its call site is wanted */
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

  /** Counts a statement without a call site. */
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

  /** @param isLast true if a call site that is still unknown will stay unknown */
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

  /** Statements before the limit count for the common call site of the others, if the shape was first seen there. */
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
