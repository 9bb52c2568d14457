import type { AllowedEvent, KnownException, RuleId } from '@poolsafe/core'
import { formatCallSite, origins, takeStack } from '@poolsafe/core/internal'
import { groupBy } from '../group-by.ts'

/** An exception by statement (`allow(…)`, a comment, an option of the guard) as plain data. */
export interface DeclaredRecord {
  readonly by: KnownException['by']
  readonly rules: readonly RuleId[]
  /** The only statement that it allows, with literals replaced by `?`. */
  readonly statement?: string
  readonly reason: string
  /** The call site of `allow(…)`; `comment`; or `option`. */
  readonly where: string
  /** The call site that first sent the comment, if known. */
  readonly place?: string
  /** Its rules without an allowed finding. */
  readonly unused: readonly RuleId[]
}

/** The exceptions by statement that were declared while one test file ran, and what they allowed. */
export class Declarations {
  readonly #matched = new Map<KnownException, Set<RuleId>>()
  readonly #places = new Map<KnownException, string | undefined>()

  declare(exception: KnownException): void {
    this.#rulesOf(exception)
    // A comment becomes known while its text is being sent.
    if (exception.by === 'comment' && !this.#places.has(exception)) this.#places.set(exception, placeOfCaller())
  }

  /** With `isolate: false` an exception may have been declared in an earlier file. */
  allow({ allowedBy, findings }: AllowedEvent): void {
    for (const { rule } of findings) this.#rulesOf(allowedBy).add(rule)
  }

  get records(): DeclaredRecord[] {
    const records: DeclaredRecord[] = []
    for (const [known, matched] of this.#matched) {
      const place = this.#places.get(known)
      records.push({
        ...known,
        ...(place !== undefined && { place }),
        unused: known.rules.filter((rule) => !matched.has(rule)),
      })
    }
    return merge(records)
  }

  #rulesOf(exception: KnownException): Set<RuleId> {
    const known = this.#matched.get(exception) ?? new Set()
    this.#matched.set(exception, known)
    return known
  }
}

function placeOfCaller(): string | undefined {
  return formatCallSite(origins.getStore()?.stack) ?? formatCallSite(takeStack(placeOfCaller))
}

/** The same exception of several files, or of several guards, once: a rule is unused if no test used it. */
export function merge(records: readonly DeclaredRecord[]): DeclaredRecord[] {
  const identity = ({ by, rules, statement, reason, where }: DeclaredRecord): string =>
    JSON.stringify([by, rules, statement, reason, where])
  return groupBy(records, identity).flatMap(([, [first, ...others]]) => {
    if (first === undefined) return []
    return [{ ...first, unused: first.unused.filter((rule) => others.every(({ unused }) => unused.includes(rule))) }]
  })
}

/** Returns the message for an exception that allowed nothing. */
export function describeUnused({ by, unused, statement, reason, where, place }: DeclaredRecord, who: string): string {
  const lines = [
    `${ways[by]} allows ${unused.join(', ')}, and nothing was found in ${who} that it would allow`,
    ...(statement === undefined ? [] : [`  statement  ${statement}`]),
    `  reason     ${reason}`,
    ...(by === 'scope' ? [`  by         ${where}`] : []),
    ...(place === undefined ? [] : [`  by         ${place}`]),
    '  instead    remove the exception: the next statement that is unsafe would pass unseen',
  ]
  return lines.join('\n')
}

const ways: Readonly<Record<KnownException['by'], string>> = {
  scope: 'allow(…)',
  comment: 'a comment poolsafe-allow',
  option: 'the option `exceptions` of a guard',
}
