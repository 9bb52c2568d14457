import type { RuleId } from '../rules/index.ts'
import { shared } from '../shared.ts'
import type { KnownException } from './exception.ts'

/** The most exceptions that are remembered. A reason that changes at each call must not fill the memory. */
const maxRemembered = 1_000

/** An exception and its use so far. */
export interface Declared {
  readonly exception: KnownException
  /** Its scope has run to the end, so it could have allowed something. */
  hasRun: boolean
  /** The rules with a finding that it has allowed. */
  readonly matched: Set<RuleId>
}

/** Remembers exceptions, to find those that allow nothing. */
export class DeclaredExceptions {
  readonly #byPlace = new Map<string, Declared>()

  /** @returns the record of the same exception at the same call site */
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
   * Returns the unused exceptions, each with its unused rules.
   *
   * @param isNeverFound returns true for a rule that is off, so its exceptions cannot be called unused
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
