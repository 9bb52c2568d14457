import type { Analysis } from '../analyze/analysis.ts'
import { openScopes } from '../exceptions/scope.ts'
import { direct } from '../poolers/direct.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { RuleId } from '../rules/index.ts'
import type { Effect } from '../rules/effect.ts'
import { settle } from '../transaction/settle.ts'
import type { Source } from '../transaction/source.ts'
import { autocommit } from '../transaction/state.ts'
import type { Call } from './call.ts'
import { endingOf, type Ending } from './ending.ts'
import type { Exceptions } from './exceptions.ts'
import type { Context, Finding } from './finding.ts'
import { effectsBeside, judgeEffects } from './judge.ts'
import type { Mode, ResolvedOptions } from './options.ts'
import { movesOn } from './policy.ts'
import type { Replacement } from './repair-plan.ts'
import { Repairs } from './repairs.ts'

/** The instructions to an adapter before it sends a statement, because of a finding. */
export interface StatementRemedy {
  /** The checkout has to move to a direct connection. The statement then goes there as it is. */
  readonly move?: Move
  /** The text to send instead of the statement. */
  readonly send?: Replacement | undefined
  /** Why findings of the statement are not repaired, by rule. */
  readonly unrepaired?: ReadonlyMap<RuleId, string>
  /** The statements to send after this end of a transaction; or why there are none, although it leaves something. */
  readonly ending?: Ending | string
}

/** Why a checkout moves to a direct connection. */
export interface Move {
  /** The statement that needs a session. */
  readonly sql: string
  readonly findings: readonly [Finding, ...Finding[]]
  readonly rules: readonly RuleId[]
}

type Options = Pick<ResolvedOptions, 'pooler' | 'rules' | 'mode' | 'cacheBytes'>

/** Finds what can be done about a finding before its statement is sent. */
export class Remedies {
  readonly #options: Options
  readonly #guard: { readonly mode: Mode }
  readonly #exceptions: Exceptions
  readonly #repairs: Repairs
  readonly #direct: PoolerProfile = direct()

  constructor(options: Options, guard: { readonly mode: Mode }, exceptions: Exceptions) {
    this.#options = options
    this.#guard = guard
    this.#exceptions = exceptions
    this.#repairs = new Repairs(options, exceptions)
  }

  /** True if a policy repairs statements. */
  get repairs(): boolean {
    return this.#repairs.isActive
  }

  /** @returns `undefined` for a statement that is judged and sent as it came */
  remedy(sql: string, analysis: Analysis, call: Call): StatementRemedy | undefined {
    const repairing = this.#repairs.isActive ? this.#repair(sql, analysis, call) : undefined
    if (call.canMove !== true) return repairing
    const findings = this.#movingFindings(sql, repairing?.send?.analysis ?? analysis, call)
    const [first, ...others] = findings
    if (first === undefined) return repairing
    return { move: { sql, findings: [first, ...others], rules: findings.map(({ rule }) => rule) } }
  }

  #repair(sql: string, analysis: Analysis, call: Call): StatementRemedy | undefined {
    const ending = endingOf(analysis, call)
    const repairing = this.#repairs.repair(sql, analysis, call)
    return ending === undefined ? repairing : { ...repairing, ending }
  }

  /** A finding that a direct connection has too, such as a SET LOCAL outside a transaction, moves nothing. */
  #movingFindings(sql: string, analysis: Analysis, { pinned, named = false }: Call): Finding[] {
    const { pooler, rules } = this.#options
    const source: Source = { sql, scopes: openScopes() }
    const context: Context = { inTransaction: false, pinned, named }
    const { due, after } = settle(analysis, source, autocommit)
    const effects = [...due, ...after.left].map(({ effect }) => effect).filter((effect) => effect.isRepaired !== true)
    const carried = [...effects, ...effectsBeside(analysis, context)].filter(
      (effect) => judgeEffects([effect], this.#direct, context).length === 0,
    )
    const findings = judgeEffects(carried, pooler, context)
    const moving = findings.filter((finding) => movesOn(finding, rules, this.#guard.mode))
    const isHelped = carried.some((effect) => isSession(effect) && moving.some(({ rule }) => rule === effect.rule))
    return isHelped ? [...this.#exceptions.sort(source, moving).remaining] : []
  }
}

/**
 * Returns true if an effect needs a session from now on. What only needs or clears state, such as `currval` or RESET,
 * is about state of the connection that the client has now, or about none.
 */
function isSession({ does, state }: Effect): boolean {
  return does === 'leaves' || does === 'unknown' || state === 'backend-pid'
}
