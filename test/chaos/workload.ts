import { classifyFailure, isPoolsafeError } from '@poolsafe/core'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'

/** What an application saw. */
export interface Seen {
  /** Transactions that were committed, as far as the application was told. */
  readonly committed: readonly string[]
  /** How often what went wrong. */
  readonly failures: ReadonlyMap<string, number>
  /** Errors that nobody can tell anything from. */
  readonly untyped: readonly string[]
}

/** Callers that each write one row in a transaction, over and over. No statement is sent twice. */
export class Workload {
  readonly #pool: pg.Pool
  readonly #committed: string[] = []
  readonly #failures = new Map<string, number>()
  readonly #untyped: string[] = []
  readonly #workers: Promise<void>[] = []
  readonly #lastSuccess: number[] = []
  #isOver = false

  constructor(pool: pg.Pool, callers: number) {
    this.#pool = pool
    for (let caller = 0; caller < callers; caller++) {
      this.#lastSuccess.push(0)
      this.#workers.push(this.#work(caller))
    }
  }

  /** Waits until every caller has had a success that began from now on. @returns after how many milliseconds, or `undefined` after `limitMillis` */
  async recovered(limitMillis: number): Promise<number | undefined> {
    const start = performance.now()
    while (performance.now() - start < limitMillis) {
      if (this.#lastSuccess.every((began) => began >= start)) return performance.now() - start
      await sleep(5)
    }
    return undefined
  }

  /** Every caller finishes what it is at. */
  async end(): Promise<Seen> {
    this.#isOver = true
    await Promise.all(this.#workers)
    return { committed: this.#committed, failures: this.#failures, untyped: this.#untyped }
  }

  async #work(caller: number): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      const id = `${caller}/${number}`
      const start = performance.now()
      try {
        await writeOne(this.#pool, id)
        this.#committed.push(id)
        this.#lastSuccess[caller] = start
      } catch (error) {
        this.#note(error)
      }
      await sleep(1)
    }
  }

  #note(error: unknown): void {
    const kind = isPoolsafeError(error) ? error.name : classifyFailure(error)?.kind
    if (kind === undefined) this.#untyped.push(String(error))
    const name = kind ?? 'untyped'
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1)
  }
}

async function writeOne(pool: pg.Pool, id: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('INSERT INTO written (id) VALUES ($1)', [id])
    await client.query('COMMIT')
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}
