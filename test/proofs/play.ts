import { createGuard, type Guard, type Outcome, type PoolerProfile, type RuleId } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { answer } from '../support/session/answer.ts'
import type { Seen } from './experiment.ts'
import { answerMillis, connect, stageUrl, type Target } from './target.ts'

/** The servers of a scene, and the connections that it needs. The play closes everything that it opens. */
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

  /** The messages of this play's guards about a rule. */
  told(rule: RuleId): Outcome | undefined {
    return this.#told.get(rule)
  }

  async end(): Promise<void> {
    await Promise.all(this.#opened.map((each) => each.end()))
  }
}

/** Harm that several calls of a driver do, and no single statement shows. */
export interface Scene {
  readonly rule: RuleId
  readonly unsafe: string
  readonly harm: (play: Play) => Promise<Seen>
  /** The guard's message about the harm. If absent: the messages of the guards in the play. */
  readonly verdict?: (play: Play) => Outcome | undefined
  readonly safe: string
  readonly remedy: (play: Play) => Promise<Seen>
}

/** Writes what a stranger would: nothing of the play depends on it. */
export const insert = ({ user }: Play): string => `INSERT INTO orders (id, item) VALUES (0, '${user}')`

/** Returns true if what was written is there. */
export async function isWritten(play: Play): Promise<boolean> {
  return (await answer(await play.direct(), `SELECT count(*)::int FROM orders WHERE item = '${play.user}'`)) === 1
}

/** Returns the verdict of a strict guard on a text. */
export function inspected(
  rule: RuleId,
  pooler: PoolerProfile,
  ...call: Parameters<ReturnType<typeof createGuard>['inspect']>
): Outcome | undefined {
  return createGuard({ mode: 'strict', pooler })
    .inspect(...call)
    .findings.find((finding) => finding.rule === rule)?.outcome
}
