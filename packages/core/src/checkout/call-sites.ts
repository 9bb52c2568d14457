import { TextCache } from '../sql/text-cache.ts'
import { formatCallSite, framesOf, readStack, siteOf, type Caller, type Site } from '../stack/call-site.ts'
import type { Origin } from '../stack/origin.ts'

/** Bytes for remembering which operations were reported, and which reports were logged. */
const rememberedBytes = 65_536

/** Returns the call site that asked for a connection, if it was remembered. */
export function callSiteOf({ site }: { readonly site: Site | undefined }): string | undefined {
  return site === undefined ? undefined : formatCallSite(readStack(site))
}

/**
 * Decides for which calls the call site is captured. With `callSites` or in strict mode that is every call. Otherwise
 * it is the calls of operations that were reported before. All calls without an operation count as one operation.
 */
export class CallSites {
  readonly #always: boolean | undefined
  readonly #guard: { readonly mode: string }
  readonly #struck = new TextCache<true>(rememberedBytes)
  readonly #reported = new TextCache<true>(rememberedBytes)
  #anyStruck = false

  constructor(always: boolean | undefined, guard: { readonly mode: string }) {
    this.#always = always
    this.#guard = guard
  }

  /** Returns true if any call site may be wanted, so that callers can skip the question for each call. */
  get mayWant(): boolean {
    return this.#anyStruck || (this.#always ?? this.#guard.mode === 'strict')
  }

  /**
   * Returns the call site of the present call, if it is wanted.
   *
   * @param entry the function that was called; the stack leaves out its frames and those above
   */
  of(origin: Origin | undefined, entry: Caller): Site | undefined {
    return this.#isWanted(origin?.operation) ? takeSite(entry, origin) : undefined
  }

  /** Marks reported checkouts: from now on, calls of the same operations capture their call sites. */
  strike(checkouts: Iterable<{ readonly operation: string | undefined }>): void {
    for (const { operation } of checkouts) {
      this.#anyStruck = true
      this.#struck.set(operation ?? '', true)
    }
  }

  /** Returns true if this report has not been logged yet. */
  isNewReport(text: string): boolean {
    if (this.#reported.get(text)) return false
    this.#reported.set(text, true)
    return true
  }

  #isWanted(operation: string | undefined): boolean {
    if (this.#always ?? this.#guard.mode === 'strict') return true
    return this.#anyStruck && this.#struck.get(operation ?? '') === true
  }
}

/**
 * The stack of an origin begins at the application. A stack captured here begins inside the ORM and may end there too.
 */
function takeSite(entry: Caller, origin: Origin | undefined): Site {
  const known = framesOf(origin?.stack)
  return known === '' ? siteOf(entry) : { stack: known }
}
