import type { Site } from '../checkout/checkout.ts'
import { formatCallSite } from '../guard/call-site.ts'
import { layerOf } from './event-of.ts'
import type { Layer } from './events.ts'
import type { Execution } from './execution.ts'
import type { Shape } from './shape.ts'

/** When a statement is repeated, and how closely that is looked at. */
export interface RepetitionLimits {
  /** How often is not too often. */
  readonly limit: number
  /** How many lines are taken of one shape in one scope: beyond them a statement is taken to come from where the one before it came. */
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

interface Early {
  readonly execution: Execution
  readonly millis: number
}

/** Stacks that are kept before they are put into words: each holds on to what it passed through. */
const mostUnread = 64

/** All statements of one shape in one scope. Most are one: nothing is made for what is not repeated. */
export class Repetition {
  readonly #shape: Shape
  readonly #limits: RepetitionLimits
  #groups: Map<string, Group> | undefined
  #begun = 0
  #count = 0
  #sites = 0
  #unread: Unread[] | undefined
  /** The one before the first whose line was taken. */
  #first: Early | undefined
  /** More of them, where several began at once. */
  #early: Early[] | undefined
  /** The place of the last one that was put into words. */
  #latest: Group | undefined
  #restCount = 0
  #restMillis = 0

  constructor(shape: Shape, limits: RepetitionLimits) {
    this.#shape = shape
    this.#limits = limits
  }

  /** @returns whether its line is wanted: of a shape that has come close to the limit before, the first one's too */
  begin(): boolean {
    const { mostSites, takesFirst } = this.#limits
    return ++this.#begun <= mostSites && (this.#begun > 1 || takesFirst || this.#shape.wasRepeated)
  }

  end(execution: Execution, millis: number): void {
    const { limit, mostSites } = this.#limits
    if (++this.#count === limit) this.#shape.wasRepeated = true
    if (this.#sites >= mostSites) {
      this.#restCount++
      this.#restMillis += millis
    } else if (execution.site !== undefined) {
      this.#sites++
      const unread = (this.#unread ??= [])
      unread.push({ execution, site: execution.site, millis })
      if (unread.length % mostUnread === 0 && this.#count > limit) this.#read(false)
    } else if (this.#first === undefined) this.#first = { execution, millis }
    else (this.#early ??= []).push({ execution, millis })
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
    const unread = this.#unread ?? []
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

  /** The one without a line counts where all others are from, if that is where the shape was seen first. */
  #addEarly(): void {
    const only = this.#found.size === 1 ? [...this.#found.values()][0] : undefined
    for (const { execution, millis } of [...(this.#first === undefined ? [] : [this.#first]), ...(this.#early ?? [])]) {
      const isThere = (this.#shape.place || undefined) === only?.place && execution.origin?.operation === only?.operation
      if (only !== undefined && isThere) add(only, 1, millis)
    }
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
