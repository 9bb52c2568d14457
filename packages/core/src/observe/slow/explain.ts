import { limitOfTransaction } from '../../checkout/statement-limits.ts'
import type { Execution } from '../execution.ts'
import { whyNotExplained } from './explain-check.ts'
import { describePlan } from './plan.ts'
import type { ObservedPool } from '../pools/pool-report.ts'
import { sqlStateOf } from '../../sql-state.ts'
import { setTimeout, clearTimeout } from '../../measure/real-time.ts'

/** Limit for planning. Joins of many tables take about 100 ms. */
const limitMillis = 800

/** Number of statements that may wait for their plans. More are not useful when everything is slow. */
const mostWaiting = 10

/**
 * How long a log line waits for its plan, including the plans queued ahead of it. If the process ends meanwhile, the
 * line is lost.
 */
const patienceMillis = 1000

/** The plan as text, or the reason for its absence in a word or two. */
export interface Explained {
  readonly plan: string | undefined
  readonly noPlan: string | undefined
}

/** Requests plans, one at a time. */
export class Explainer {
  readonly #pools: Iterable<ObservedPool>
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(pools: Iterable<ObservedPool>) {
    this.#pools = pools
  }

  /** Never rejects. It sends no parameter, so the plan is generic. */
  async explain({ sql, pool }: Execution): Promise<Explained> {
    if (sql === undefined || pool === undefined) return without(sql === undefined ? 'text unknown' : 'pool unknown')
    if (this.#waiting >= mostWaiting) return without('busy')
    this.#waiting++
    const mine = this.#last.then(() => this.#tryTo(sql, pool)).finally(() => void this.#waiting--)
    this.#last = mine
    return atMost(mine, patienceMillis).catch(() => without('no answer'))
  }

  async #tryTo(sql: string, pool: string): Promise<Explained> {
    try {
      const reason = whyNotExplained(sql)
      return reason === undefined ? await this.#ask(questionOf(sql), pool) : without(reason)
    } catch (error) {
      return without(codeOf(error))
    }
  }

  /** Does not wait for a connection to become idle, because the log line would wait too. */
  async #ask(question: string, name: string): Promise<Explained> {
    const pools = [...this.#pools].filter((pool) => pool.name === name)
    if (pools.length === 0) return without('pool ended')
    for (const pool of pools) {
      const answer = pool.ask(question)
      if (answer !== undefined) return describe(await atMost(answer, patienceMillis))
    }
    return without('no idle connection')
  }
}

/**
 * One message is one transaction: a pooler keeps it on one server connection, and the settings end with it. It is
 * read-only, because planning calls functions that are declared immutable.
 */
function questionOf(sql: string): string {
  return `${limitOfTransaction(limitMillis)}; SET LOCAL transaction_read_only = on; EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`
}

function describe(rows: readonly Readonly<Record<string, unknown>>[]): Explained {
  const plan = describePlan(rows[0]?.['QUERY PLAN'])
  return plan === undefined ? without('not understood') : { plan, noPlan: undefined }
}

function without(noPlan: string): Explained {
  return { plan: undefined, noPlan }
}

/** Never returns the message, which may quote the statement. */
function codeOf(error: unknown): string {
  return sqlStateOf(error) ?? 'failed'
}

function atMost<Result>(promise: Promise<Result>, millis: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), millis)
    timer.unref()
    void promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
