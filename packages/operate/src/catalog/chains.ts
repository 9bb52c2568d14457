import type { DetectedEffect } from '@poolsafe/core/adapter'
import type { Code } from './hooks.ts'

/** An effect with the objects that lead to it. */
export type TracedEffect = DetectedEffect

/** The effects of a piece of code on the session. */
export interface Judged {
  /** All effects in their order, with what the code takes back. */
  readonly effects: readonly TracedEffect[]
  /** The state that is left when the code has run. */
  readonly left: readonly TracedEffect[]
  /** Why a part of the code itself could not be judged. */
  readonly undecided?: string
}

export const nothing: Judged = { effects: [], left: [] }

/** The longest chain of calls that is followed in one go. */
const longestChain = 50

/** Ends the way down a chain of calls. */
class LongChain extends Error {
  override readonly name: string = 'LongChain'
  readonly code: Code

  constructor(code: Code) {
    super('a chain of calls is too long to be followed in one go')
    this.code = code
  }
}

/** Judges code that leads to other code, each piece once. */
export class Chains {
  readonly #judge: (code: Code) => Judged
  readonly #known = new Map<string, Judged>()
  /** Code that is being judged now. Code that calls itself is judged once. */
  readonly #open = new Set<string>()
  /**
   * What is known of code while the outermost code is judged, without what was left out. The outermost code has that
   * itself. Otherwise each way through code that calls each other would be followed.
   */
  readonly #provisional = new Map<string, Judged>()
  /** Code that waits for the end of its chain of calls. */
  readonly #roots = new Set<string>()
  /** Code was left out because it is being judged, so what is judged meanwhile is not complete. */
  #isIncomplete = false

  /** @param judge judges one piece of code, and comes back here for what it leads to */
  constructor(judge: (code: Code) => Judged) {
    this.#judge = judge
  }

  /** Judges a piece of code with all that it reaches. */
  judge(code: Code): Judged {
    if (this.#open.size > 0) return this.#judgeOnce(code)
    const roots = [code]
    for (let root = code; ; root = roots.at(-1) ?? code) {
      const judged = this.#tryRoot(root, roots)
      if (judged === undefined) continue
      this.#roots.delete(JSON.stringify(root))
      roots.pop()
      if (roots.length === 0) return judged
      // Code that calls itself through a long chain is judged without the rest of it.
      this.#known.set(JSON.stringify(root), judged)
    }
  }

  /** Code at the end of a long chain of calls is judged first, so that the stack of calls here stays short. */
  #tryRoot(root: Code, roots: Code[]): Judged | undefined {
    try {
      return this.#judgeOnce(root)
    } catch (error) {
      if (!(error instanceof LongChain)) throw error
      this.#open.clear()
      this.#forget()
      this.#roots.add(JSON.stringify(root))
      roots.push(error.code)
      return undefined
    }
  }

  #judgeOnce(code: Code): Judged {
    const key = JSON.stringify(code)
    const known = this.#known.get(key) ?? this.#provisional.get(key)
    if (known !== undefined) return known
    if (this.#open.has(key) || (this.#open.size > 0 && this.#roots.has(key))) {
      this.#isIncomplete = true
      return nothing
    }
    if (this.#open.size === longestChain) throw new LongChain(code)
    this.#open.add(key)
    const judged = this.#judge(code)
    this.#open.delete(key)
    if (this.#open.size === 0) this.#forget()
    const memory = this.#isIncomplete ? this.#provisional : this.#known
    memory.set(key, judged)
    return judged
  }

  #forget(): void {
    this.#isIncomplete = false
    this.#provisional.clear()
  }
}
