import type { RuleId } from '../rules/index.ts'
import { shared } from '../shared.ts'
import type { KnownException } from './exception.ts'

/**
 * Exceptions remembered: more than an application has places. A reason that differs each time must not fill the memory.
 */
const maxRemembered = 1_000

/** An exception, and what has come of it so far. */
export interface Declared {
  readonly exception: KnownException
  /** Whether it could have allowed something: its scope has run to the end. */
  hasRun: boolean
  /** The rules of which it has allowed a finding. */
  readonly matched: Set<RuleId>
}

/** Remembers exceptions, to tell those that allow nothing any more. */
export class DeclaredExceptions {
  readonly #byPlace = new Map<string, Declared>()

  /** @returns what is remembered of the same exception, declared at the same place */
  declare(exception: KnownException): Declared {
    const { by, where, rules, reason, statement = '' } = exception
    const place = [by, where, rules.join(), reason, statement].join('\n')
    const known = this.#byPlace.get(place)
    if (known !== undefined) return known
    const declared: Declared = { exception, hasRun: false, matched: new Set() }
    const [oldest] = this.#byPlace.keys()
    if (oldest !== undefined && this.#byPlace.size >= maxRemembered) this.#byPlace.delete(oldest)
    this.#byPlace.set(place, declared)
    return declared
  }

  /**
   * Each with those of its rules that it has never been needed for.
   *
   * @param isNeverFound a rule of which no finding is acted on, so that nothing can be said of its exceptions
   */
  unused(isNeverFound: (rule: RuleId) => boolean): KnownException[] {
    return [...this.#byPlace.values()].flatMap(({ exception, hasRun, matched }) => {
      const rules = exception.rules.filter((rule) => !matched.has(rule) && !isNeverFound(rule))
      return hasRun && rules.length > 0 ? [{ ...exception, rules }] : []
    })
  }
}

/**
 * The exceptions that `allow` has declared for every guard. Process-wide because `allow` and the guards that report
 * unused exceptions may belong to different copies of this package.
 */
export const declaredForAll: DeclaredExceptions = shared('declared-exceptions', () => new DeclaredExceptions())
