import { declaredForAll, DeclaredExceptions, type Declared } from '../exceptions/declared.ts'
import { declareInStrictMode } from './strict.ts'
import { redact } from '../sql/redact.ts'
import type { Source } from '../transaction/source.ts'
import type { Finding } from './finding.ts'
import type { RuleId } from '../rules/index.ts'
import { readComments, type InvalidCommentError } from '../exceptions/comment.ts'
import type { KnownException } from '../exceptions/exception.ts'
import { toException, type ExceptionOption } from '../exceptions/option.ts'
import { openScopes } from '../exceptions/scope.ts'
import { matchStatement, type StatementMatch } from '../exceptions/statement.ts'

/** An exception of the guard's options. */
interface Option {
  readonly declared: Declared
  readonly matches: StatementMatch
}

/** The findings of one statement, allowed and not allowed. */
export interface Sorted {
  /** Findings without an exception. */
  readonly remaining: readonly Finding[]
  readonly allowed: ReadonlyMap<Declared, readonly [Finding, ...Finding[]]>
  /** True if exceptions were considered, or a comment that looks like one. */
  readonly hasCandidates: boolean
  /** A comment that looks like an exception but is invalid. */
  readonly problem: InvalidCommentError | undefined
}

const none: ReadonlySet<RuleId> = new Set()

/** The exceptions of one guard. */
export class Exceptions {
  readonly #guard: object
  readonly #options: readonly Option[]
  /** The exceptions of this guard only: scopes, options and comments in its texts. */
  readonly remembered: DeclaredExceptions = new DeclaredExceptions()

  constructor(guard: object, given: readonly ExceptionOption[]) {
    this.#guard = guard
    this.#options = given.map((option) => this.#declareOption(option))
  }

  /** Sorts the findings of a statement. Only called if there are findings. */
  sort(source: Source, findings: readonly Finding[]): Sorted {
    const { exceptions, problem } = readComments(source.sql)
    const comments = exceptions.map((comment) => this.#declareComment(source.sql, comment))
    const candidates = [...comments, ...this.#scopesOf(source), ...this.#optionsFor(source.sql)]
    const remaining: Finding[] = []
    const allowed = new Map<Declared, readonly [Finding, ...Finding[]]>()
    for (const finding of findings) {
      const declared = candidates.find(({ exception }) => exception.rules.includes(finding.rule))
      if (declared === undefined) remaining.push(finding)
      else allowed.set(declared, [...(allowed.get(declared) ?? []), finding] as [Finding, ...Finding[]])
    }
    return { remaining, allowed, hasCandidates: candidates.length > 0 || problem !== undefined, problem }
  }

  /** Returns the rules that `allow(…)` scopes of the caller except for this guard. */
  rulesOfScopes(): ReadonlySet<RuleId> {
    const scopes = openScopes()
    return scopes.length === 0
      ? none
      : new Set(this.#scopesOf({ sql: '', scopes }).flatMap((each) => each.exception.rules))
  }

  /** In tests, every comment must be needed, also in a text without findings. */
  declareComments(sql: string): void {
    for (const comment of readComments(sql).exceptions)
      declareInStrictMode(this.#declareComment(sql, comment).exception)
  }

  /** @param isNeverFound as in {@link DeclaredExceptions.unused} */
  unused(isNeverFound: (rule: RuleId) => boolean): KnownException[] {
    return [this.remembered, declaredForAll].flatMap((declared) => declared.unused(isNeverFound))
  }

  #declareOption(option: ExceptionOption): Option {
    const declared = this.#declare(toException(option))
    declareInStrictMode(declared.exception)
    return { declared, matches: option.statement === undefined ? () => true : matchStatement(option.statement) }
  }

  #declareComment(sql: string, comment: { readonly rules: readonly RuleId[]; readonly reason: string }): Declared {
    return this.#declare({ by: 'comment', ...comment, statement: redact(sql), where: 'comment' })
  }

  #declare(exception: KnownException): Declared {
    const declared = this.remembered.declare(exception)
    declared.hasRun = true
    return declared
  }

  #scopesOf({ scopes = [] }: Source): Declared[] {
    return scopes.filter(({ guard }) => guard === undefined || guard === this.#guard).map(({ declared }) => declared)
  }

  #optionsFor(sql: string): Declared[] {
    return this.#options.filter(({ matches }) => matches(sql)).map(({ declared }) => declared)
  }
}
