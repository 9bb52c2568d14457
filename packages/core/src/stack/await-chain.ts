import { isLibraryFrame, withDeepStack } from './call-site.ts'

/** Deep enough to reach the outermost function through an ORM and a framework. */
const chainDepth = 200

/**
 * Resolves when all functions that await the caller are linked to it. An `async` function that returns a promise is
 * linked in a later microtask, so this waits for those.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

/**
 * The functions that are running or await the running one, from the innermost to the root, which no function awaits. V8
 * follows `await`, `Promise.all` and promises that are resolved with other promises. Work that is started but not
 * awaited has its own chain.
 */
export class AwaitChain {
  readonly #holder: { readonly stack?: unknown } = {}
  #sites: readonly NodeJS.CallSite[] | undefined

  /**
   * @param below the function whose frame, and those below it, are left out. In an `async` function, first await {@link
   * settled}: only then does V8 know who awaits it
   */
  constructor(below: (...args: never[]) => unknown) {
    withDeepStack(() => Error.captureStackTrace(this.#holder, below), chainDepth)
  }

  /**
   * Returns true if the root of another chain still runs or awaits this one. `undefined` if the other chain has no
   * root.
   */
  hasRootOf(other: AwaitChain): boolean | undefined {
    const root = other.#places.at(-1)
    return root === undefined ? undefined : this.#places.some(({ at }) => at === root.at)
  }

  /**
   * Returns whether this call comes from the callback of the transaction whose BEGIN has the other chain: from the root
   * inwards it is awaited by all of the application's functions that await the BEGIN, where they stand. Then comes
   * either another function of the application, the callback, or the library's function that sent BEGIN, which has gone
   * on from there. Their places in the `Promise.all` that awaits them distinguish calls that run side by side.
   * `undefined` where the BEGIN has no such chain.
   */
  comesFromCallbackOf(begun: AwaitChain): boolean | undefined {
    const outer = begun.#steps
    const own = this.#steps
    const last = outer.findLastIndex(isOfApplication)
    if (last === -1) return undefined
    if (outer.some(({ at }, index) => index <= last && own[index]?.at !== at)) return false
    if (own.some((step, index) => index > last && isOfApplication(step))) return true
    const fork = outer.findIndex(({ at }, index) => own[index]?.at !== at)
    return fork !== -1 && own[fork] !== undefined && hasGoneOn(outer[fork] as Step, own[fork])
  }

  /**
   * Returns whether both chains have the same root, which may have gone on meanwhile. A library's function is the root
   * of many that have nothing in common.
   */
  isContinued(other: AwaitChain): boolean {
    const root = other.#places.at(-1)
    return root !== undefined && !root.isOfLibrary && this.#places.at(-1)?.ofFunction === root.ofFunction
  }

  /** Returns whether this chain is that of the work that took a connection. */
  hasTaken(taken: AwaitChain): boolean | undefined {
    const places = taken.#places
    const root = places.at(-1)
    if (root === undefined) return undefined
    if (!places.every(({ isOfLibrary }) => isOfLibrary))
      return this.hasRootOf(taken) === true || this.isContinued(taken)
    // No function awaits the ORM's own function, which continues with the connection. If it still acquires one, that is
    // for another call.
    const own = this.#places.at(-1)
    return own?.ofFunction === root.ofFunction && own.at !== root.at
  }

  /** The frames, as a stack prints them. */
  get frames(): string {
    return this.#all.map((site) => `    at ${(site as Printable).toString()}`).join('\n')
  }

  get #places(): readonly Place[] {
    return this.#all.map(placeOf).filter((place) => place !== undefined)
  }

  /**
   * The functions, and the places in a `Promise.all` or its like through which they are awaited, from the root inwards.
   */
  get #steps(): readonly Step[] {
    return this.#all
      .map(stepOf)
      .filter((step) => step !== undefined)
      .toReversed()
  }

  get #all(): readonly NodeJS.CallSite[] {
    this.#sites ??= readSites(this.#holder)
    return this.#sites
  }
}

/** V8 formats a stack when it is first read, by the `prepareStackTrace` of that moment. */
function readSites(holder: { readonly stack?: unknown }): readonly NodeJS.CallSite[] {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was, never called
  const prepare = Error.prepareStackTrace
  try {
    Error.prepareStackTrace = (_error, sites) => sites
    return Array.isArray(holder.stack) ? (holder.stack as NodeJS.CallSite[]) : []
  } catch {
    // The application has frozen Error.
    return []
  } finally {
    restore(prepare)
  }
}

function restore(prepare: typeof Error.prepareStackTrace): void {
  try {
    Error.prepareStackTrace = prepare
  } catch {
    // It was not changed either.
  }
}

/** Node’s types do not say that a call site prints itself as a stack does. */
interface Printable {
  toString(): string
}

interface Place {
  /** The same for all calls of one function. */
  readonly ofFunction: string
  readonly at: string
  readonly isOfLibrary: boolean
}

interface Step {
  readonly at: string
  /** The same for all calls of one function; empty for a join. */
  readonly ofFunction: string
  readonly line: number
  readonly column: number
  readonly isOfLibrary: boolean
}

/** A step is also the place in a `Promise.all`, `allSettled` or `any`, which is no function of anybody's. */
function stepOf(site: NodeJS.CallSite): Step | undefined {
  const index = site.getPromiseIndex()
  if (index !== null) return { at: `join ${index}`, ofFunction: '', line: 0, column: 0, isOfLibrary: true }
  const place = placeOf(site)
  return place && { ...place, line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 }
}

function isOfApplication({ isOfLibrary }: Step): boolean {
  return !isOfLibrary
}

/** Returns whether a function stands further on than it did. */
function hasGoneOn(before: Step, now: Step): boolean {
  const isSame = before.ofFunction !== '' && before.ofFunction === now.ofFunction
  return isSame && (now.line > before.line || (now.line === before.line && now.column > before.column))
}

/** Returns `undefined` for Node's own functions and for what has no source. */
function placeOf(site: NodeJS.CallSite): Place | undefined {
  const file = site.getFileName()
  if (!file || file.startsWith('node:')) return undefined
  // An arrow function has no other name than the place where it begins.
  const ofFunction = `${file}:${site.getEnclosingLineNumber()}:${site.getEnclosingColumnNumber()}:${site.getFunctionName() ?? ''}`
  const at = `${file}:${site.getLineNumber()}:${site.getColumnNumber()}`
  return { ofFunction, at, isOfLibrary: isLibraryFrame(file) }
}
