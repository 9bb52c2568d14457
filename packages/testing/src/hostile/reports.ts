import type { PoolerProfile } from '@poolsafe/core'
import { toEngine, type Engine } from '@poolsafe/core/adapter'
import { Inspector, type Difference } from './inspector.ts'
import { effectsOf, shownStatements, statesOf, unseen, type HostileReport, type ReportedState } from './report.ts'
import type { ServerSession } from './server-session.ts'
import type { SessionState } from './snapshot.ts'
import type { TransactionRecord } from './transaction-record.ts'

/** The number of a transaction and its client. */
export type Whose = Pick<HostileReport, 'seq' | 'user' | 'database' | 'applicationName'>

/** The handling of a session after a transaction. */
export interface SettlingPlan {
  readonly profile: PoolerProfile
  readonly inspects: boolean
  readonly poisons: boolean
  readonly onReport: (report: HostileReport) => void
}

/** DISCARD ALL does not remove these. A session that has any of them is not reused. */
const survivors: ReadonlySet<SessionState> = new Set<SessionState>([
  ...unseen,
  'replication-slot',
  'replication-origin',
])

/** Inspects sessions after each transaction, reports findings and cleans the sessions. */
export class Settling {
  readonly #reports: HostileReport[] = []
  #transactions = 0
  readonly #plan: SettlingPlan
  readonly #inspector = new Inspector()
  readonly #engine: Engine

  constructor(plan: SettlingPlan) {
    this.#plan = plan
    this.#engine = toEngine({ pooler: plan.profile, mode: 'warn' })
  }

  /** All reports, in the order of their transactions. */
  get reports(): readonly HostileReport[] {
    return this.#reports.toSorted((one, other) => one.seq - other.seq)
  }

  /** Sessions are neither inspected nor cleaned. */
  get doesNothing(): boolean {
    return this.#plan.poisons && !this.#plan.inspects
  }

  /** Call it at the end of a transaction. @returns its number */
  count(): number {
    return ++this.#transactions
  }

  /** Inspects a new session. @throws Error if it cannot be inspected */
  async begin(session: ServerSession): Promise<ServerSession> {
    if (this.#plan.inspects) await this.#inspector.begin(session)
    return session
  }

  /** Returns true if a pinning pooler keeps the session for the client that sends this. */
  pins(sql: string): boolean {
    const { carries } = this.#plan.profile
    return this.#engine.peek(sql).steps.some(({ effects }) => effects.some(({ state }) => carries[state] === 'pinned'))
  }

  /** @returns true if the session may be reused */
  async settle(session: ServerSession, record: TransactionRecord, whose: Whose): Promise<boolean> {
    const { inspects, poisons, profile } = this.#plan
    const effects = effectsOf(this.#engine, record)
    const differences = inspects
      ? await this.#inspector.inspect(session, [...record.settingNames, ...settingsIn(effects)])
      : []
    // A session that cannot be inspected is lost or unusable.
    if (typeof differences === 'string') return false
    const states = statesOf(differences, effects, record, profile)
    if (inspects) this.#report(states, record, whose)
    if (poisons) return true
    return !hasSurvivors(differences, effects) && this.#clean(session)
  }

  #report(states: readonly ReportedState[], record: TransactionRecord, whose: Whose): void {
    const [first, ...others] = states
    if (first === undefined) return
    const report = { statements: shownStatements(record), states: [first, ...others] as const, ...whose }
    this.#reports.push(report)
    try {
      this.#plan.onReport(report)
    } catch (error) {
      // Thrown again outside this call, as in an event listener, because no caller here can catch it.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  async #clean(session: ServerSession): Promise<boolean> {
    const { error } = await session.query('DISCARD ALL')
    session.prepared.clear()
    session.restored.clear()
    this.#inspector.cleaned(session)
    return error === undefined
  }
}

/** Settings that applications make up, as a SET names them. */
function settingsIn(effects: ReturnType<typeof effectsOf>): string[] {
  return effects.flatMap(({ state, object }) => (state === 'setting' && object?.includes('.') === true ? [object] : []))
}

function hasSurvivors(
  differences: readonly Difference[],
  effects: readonly { readonly state: SessionState; readonly does: string }[],
): boolean {
  const isLeft = differences.some(({ does, held }) => does === 'leaves' && survivors.has(held.state))
  return isLeft || effects.some(({ state, does }) => does === 'leaves' && survivors.has(state))
}
