import pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'

/** The results of the clients of one application. */
export interface CrowdCounts {
  /** Logins that got in, and the longest time from the first attempt to that. */
  readonly logins: number
  readonly longestWaitMillis: number
  /** Connections that were closed under a client that was idle. */
  readonly closedIdle: number
  /**
   * Statements that failed because the connection was closed, by how many statements the transaction had run before.
   */
  readonly failed: readonly number[]
}

/** How a client of a crowd behaves between two transactions. */
export interface Habit {
  readonly url: string
  readonly application: string
  readonly clients: number
  /** Milliseconds from the end of a transaction to the next one; chosen for each. */
  readonly pause: () => number
  /** Milliseconds between two statements of a transaction. */
  readonly work: () => number
  /** The first transaction never ends. @default false */
  readonly stays?: boolean
}

const retryMillis = 50

/** Many clients of one application, which connect again whenever they lose their connection. */
export class Crowd {
  readonly #habit: Habit
  readonly #ending = new AbortController()
  readonly #clients: Promise<void>[]
  #logins = 0
  #longestWaitMillis = 0
  #closedIdle = 0
  #staying = 0
  readonly #failed: number[] = []

  constructor(habit: Habit) {
    this.#habit = habit
    this.#clients = Array.from({ length: habit.clients }, () => this.#live())
  }

  get counts(): CrowdCounts {
    return {
      logins: this.#logins,
      longestWaitMillis: this.#longestWaitMillis,
      closedIdle: this.#closedIdle,
      failed: this.#failed,
    }
  }

  /** The clients that are in a transaction which never ends. */
  get staying(): number {
    return this.#staying
  }

  async stop(): Promise<CrowdCounts> {
    this.#ending.abort()
    await Promise.all(this.#clients)
    return this.counts
  }

  async #live(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const client = await this.#login()
      if (client !== undefined) await this.#use(client)
    }
  }

  async #login(): Promise<pg.Client | undefined> {
    const begin = performance.now()
    while (!this.#ending.signal.aborted) {
      const { url, application } = this.#habit
      const client = new pg.Client({ connectionString: url, application_name: application })
      client.on('error', () => {})
      try {
        await client.connect()
        this.#logins++
        this.#longestWaitMillis = Math.max(this.#longestWaitMillis, performance.now() - begin)
        return client
      } catch (error) {
        if ((error as { code?: string }).code !== '53300') throw error
        await sleep(retryMillis)
      }
    }
    return undefined
  }

  async #use(client: pg.Client): Promise<void> {
    const lost = new AbortController()
    client.once('end', () => lost.abort())
    const either = AbortSignal.any([lost.signal, this.#ending.signal])
    let done = 0
    try {
      for (;;) {
        await sleep(this.#habit.pause(), undefined, { signal: either })
        done = 0
        for (const text of ['BEGIN', 'SELECT 1', 'COMMIT']) {
          await client.query(text)
          done++
          if (text === 'SELECT 1' && this.#habit.stays === true) await this.#stay(client)
          if (text !== 'COMMIT') await sleep(this.#habit.work())
        }
      }
    } catch (error) {
      const isPause = (error as Error).name === 'AbortError'
      if (!isPause) this.#failed.push(done)
      else if (lost.signal.aborted) this.#closedIdle++
    } finally {
      await client.end().catch(() => {})
    }
  }

  async #stay(client: pg.Client): Promise<void> {
    this.#staying++
    while (!this.#ending.signal.aborted) {
      await sleep(this.#habit.work())
      await client.query('SELECT 1')
    }
  }
}
