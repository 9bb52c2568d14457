import { TextCache } from '../sql/text-cache.ts'
import { formatCallSite, framesOf, readStack, withDeepStack, type Site } from '../stack/call-site.ts'
import type { Origin } from '../stack/origin.ts'

/** Bytes for remembering which operations were reported, and which reports were logged. */
const rememberedBytes = 65_536

/** The line that asked for a connection, where it was remembered. */
export function callSiteOf({ site }: { readonly site: Site | undefined }): string | undefined {
  return site === undefined ? undefined : formatCallSite(readStack(site))
}

/**
 * Decides whose line is worth its price: with `callSites` or in strict mode everyone's, else that of operations which
 * were reported before. A call without an operation is like every other such call.
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

  /** Returns true if any call site may be worth its price: what a caller need not ask for each call. */
  get mayWant(): boolean {
    return this.#anyStruck || (this.#always ?? this.#guard.mode === 'strict')
  }

  /**
   * The line of the present call, if it is worth it. @param entry the function that was called; its frames, and those
   * above, are left out
   */
  of(origin: Origin | undefined, entry: (...args: never[]) => unknown): Site | undefined {
    return this.#isWanted(origin?.operation) ? takeSite(entry, origin) : undefined
  }

  /** These were reported: from now on their like are remembered with their lines. */
  strike(checkouts: Iterable<{ readonly operation: string | undefined }>): void {
    for (const { operation } of checkouts) {
      this.#anyStruck = true
      this.#struck.set(operation ?? '', true)
    }
  }

  /** Whether this has not been logged yet. */
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
 * The stack of an origin begins at the application; what is taken here begins inside the ORM, and may end there too.
 */
function takeSite(entry: (...args: never[]) => unknown, origin: Origin | undefined): Site {
  const known = framesOf(origin?.stack)
  if (known !== '') return { stack: known }
  const site: Site = {}
  withDeepStack(() => Error.captureStackTrace(site, entry))
  return site
}
