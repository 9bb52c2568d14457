import { harmless } from '@poolsafe/core/adapter'
import { outlastsDiscard, type Release } from '@poolsafe/core/internal'
import { knownLifeOf, type LivingClient, type Verdict } from '../living-client.ts'
import { sqlOf } from '../query-watch.ts'
import { isNameAlone, isSubmittable, type QueryConfig } from '../statement.ts'
import type { Arguments, ClientLike, DriverFunction } from '../types.ts'
import { ownProperty } from '../repaired.ts'
import { cleanSession } from './clean.ts'
import type { DirectPool } from './direct-pool.ts'

/** The direct connection of one moved checkout, until it is clean and back in its pool. */
export class DirectSession {
  readonly client: ClientLike
  readonly #release: Release
  readonly #pool: DirectPool
  readonly #textOf: (name: string) => unknown
  /** True once a statement may have left something that DISCARD ALL does not remove. */
  #outlasts = false

  /** @param textOf returns the text that was prepared on the pooled connection under a name */
  constructor(client: ClientLike, release: Release, pool: DirectPool, textOf: (name: string) => unknown) {
    this.client = client
    this.#release = release
    this.#pool = pool
    this.#textOf = textOf
  }

  send(args: Arguments): unknown {
    const [config, ...others] = args
    const sql = sqlOf(config)
    const analysis = sql === undefined ? harmless : this.#pool.guard.peek(sql)
    const isHidden = sql === undefined && isSubmittable(config)
    if (isHidden || (analysis !== harmless && outlastsDiscard(analysis))) this.#outlasts = true
    const sent = isNameAlone(config) ? [this.#withText(config as QueryConfig), ...others] : args
    return Reflect.apply(this.client.query as DriverFunction, this.client, sent)
  }

  /** A named statement that was prepared on the pooled connection is prepared again. */
  #withText(config: QueryConfig): QueryConfig {
    const { parsedStatements = {} } =
      (this.client as { readonly connection?: { readonly parsedStatements?: object } }).connection ?? {}
    const name = config.name as string
    const text = this.#textOf(name)
    return name in parsedStatements || typeof text !== 'string'
      ? config
      : (Object.create(config, { text: ownProperty(text) }) as QueryConfig)
  }

  /**
   * Ends the session for the application. It is cleaned afterwards.
   *
   * @param error the application's argument of `release`: any true value closes the connection
   * @param over called when the connection is back in its pool, or closed
   * @returns the guard's verdict on an open transaction
   */
  end(error: unknown, entry: DriverFunction, over: () => void): Verdict | undefined {
    const verdict = error ? undefined : knownLifeOf(this.client)?.judge?.judge(entry)
    if (error || verdict?.error !== undefined) {
      this.#release(true)
      over()
    } else void this.#cleanAndRelease(over)
    return verdict
  }

  async #cleanAndRelease(over: () => void): Promise<void> {
    const client = this.client as LivingClient
    const life = knownLifeOf(client)
    const isClean = life !== undefined && (await cleanSession(client, life, () => this.#pool.prepare(client)))
    this.#release(isClean && !this.#outlasts ? undefined : true)
    over()
  }
}
