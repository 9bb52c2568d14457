import { openScopes } from '../exceptions/scope.ts'
import type { Analysis } from '../analyze/analysis.ts'
import type { Call } from './call.ts'
import type { Finding } from './finding.ts'
import type { Mode } from './options.ts'

/** A statement whose findings were reported, and how it was sent. */
interface Reported {
  readonly sql: string
  readonly pinned: boolean
  readonly named: boolean
  readonly mode: Mode
  readonly findings: readonly Finding[]
}

/**
 * The findings of statements that were reported before and are only counted when they come again. Judging such a
 * statement anew takes 3 µs and has the same result, if it is a transaction of its own and no exception is involved.
 */
export class RepeatedFindings {
  /** By the analysis, which all texts with the same normal form share: the last of these texts. */
  readonly #reported = new WeakMap<Analysis, Reported>()

  /** Notes that these findings were only counted. */
  add(sql: string, analysis: Analysis, call: Call, mode: Mode, findings: readonly Finding[]): void {
    if (!isAlone(call) || openScopes().length > 0) return
    this.#reported.set(analysis, { sql, pinned: call.pinned, named: call.named === true, mode, findings })
  }

  /** @returns what only has to be counted; `undefined` if the statement must be judged */
  of(sql: string, analysis: Analysis, call: Call, mode: Mode): readonly Finding[] | undefined {
    const reported = this.#reported.get(analysis)
    if (reported === undefined || reported.sql !== sql || reported.mode !== mode) return undefined
    if (reported.pinned !== call.pinned || reported.named !== (call.named === true)) return undefined
    return isAlone(call) && openScopes().length === 0 ? reported.findings : undefined
  }
}

/** Returns true for a statement that is a transaction of its own. */
function isAlone({ transaction }: Call): boolean {
  return transaction === undefined || (!transaction.isOpen && transaction.isBare && !transaction.state.isAborted)
}
