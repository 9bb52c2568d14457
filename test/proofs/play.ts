import { createGuard, type Guard, type Outcome, type PoolerProfile, type RuleId } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { answer } from '../support/session/answer.ts'
import type { Seen } from './experiment.ts'
import { answerMillis, connect, stageUrl, type Target } from './target.ts'

/** Where a scene plays, and what it needs of it: what it opens is closed for it. */
export class Play {
  readonly target: Target
  readonly user: string
  readonly #direct: Target
  readonly #opened: { end(): Promise<void> }[] = []
  readonly #told = new Map<RuleId, Outcome>()

  constructor(target: Target, direct: Target, user: string) {
    this.target = target
    this.#direct = direct
    this.user = user
  }

  async client(target: Target = this.target): Promise<pg.Client> {
    const client = await connect(target, this.user)
    this.#opened.push(client)
    return client
  }

  direct(): Promise<pg.Client> {
    return this.client(this.#direct)
  }

  /** A pool of an application. */
  pool(config: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({
      connectionString: stageUrl(this.target, this.user),
      max: 2,
      query_timeout: answerMillis,
      ...config,
    })
    pool.on('error', () => undefined)
    this.#opened.push(pool)
    return pool
  }

  /** One that a guard watches, which warns. */
  guardedPool(config: pg.PoolConfig = {}, guard: Guard = this.guard()): pg.Pool {
    return guardPool(this.pool(config), guard)
  }

  /** A guard that warns, and whose words the play remembers. */
  guard(pooler: PoolerProfile = this.target.profile): Guard {
    const guard = createGuard({ mode: 'warn', pooler, logger: { warn: () => undefined } })
    guard.on('finding', ({ findings }) => {
      for (const { rule, outcome } of findings) this.#told.set(rule, outcome)
    })
    return guard
  }

  /** What the guards of this play have said of a rule. */
  told(rule: RuleId): Outcome | undefined {
    return this.#told.get(rule)
  }

  async end(): Promise<void> {
    await Promise.all(this.#opened.map((each) => each.end()))
  }
}

/** What several calls of a driver do, that no single statement shows. */
export interface Scene {
  readonly rule: RuleId
  readonly unsafe: string
  readonly harm: (play: Play) => Promise<Seen>
  /** What the guard says of the harm; absent: what the guards in the play have said of it. */
  readonly verdict?: (play: Play) => Outcome | undefined
  readonly safe: string
  readonly remedy: (play: Play) => Promise<Seen>
}

/** Writes what a stranger would: nothing of the play depends on it. */
export const insert = ({ user }: Play): string => `INSERT INTO orders (id, item) VALUES (0, '${user}')`

/** Whether what was written is there. */
export async function isWritten(play: Play): Promise<boolean> {
  return (await answer(await play.direct(), `SELECT count(*)::int FROM orders WHERE item = '${play.user}'`)) === 1
}

/** What a strict guard says of a text. */
export function inspected(
  rule: RuleId,
  pooler: PoolerProfile,
  ...call: Parameters<ReturnType<typeof createGuard>['inspect']>
): Outcome | undefined {
  return createGuard({ mode: 'strict', pooler })
    .inspect(...call)
    .findings.find((finding) => finding.rule === rule)?.outcome
}
