import {
  listenText,
  sessionTexts,
  performance,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
} from '@poolsafe/core/internal'
import { checkDirectClient, type DirectOptions } from './direct-connection.ts'
import { runOn, type HelperPool } from './pg-database.ts'
import type { ClientLike } from '../types.ts'

/** A client of pg as it is used here. */
interface Client extends ClientLike {
  connect(): Promise<unknown>
  end(): Promise<void>
  readonly connection?: { readonly stream?: { destroy(): void } }
}

interface PoolInternals extends HelperPool {
  readonly Client: new (options: object) => Client
  readonly options: Readonly<Record<string, unknown>>
}

/** The fields of a notification that pg reports. */
export interface Heard {
  readonly channel: string
  readonly payload?: string
  readonly processId: number
}

/** For a pool without `connectionTimeoutMillis`. */
const connectWithinMillis = 10_000

/** How long an orderly end may take before the socket is closed, in milliseconds. */
const endWithinMillis = 1000

/** One connection of its own that listens, until it is lost or closed. */
export class ListeningClient {
  readonly #client: Client
  readonly #onLost: (cause: unknown) => void
  /** `performance.now()` of the last answer, notification or login. */
  heardAt: number = performance.now()
  #isOver = false
  #heartbeat: NodeJS.Timeout | undefined

  /** @param onLost called once, with the reason; not after {@link close} */
  constructor(pool: HelperPool, onHeard: (heard: Heard) => void, onLost: (cause: unknown) => void) {
    this.#onLost = onLost
    const { Client, options } = pool as PoolInternals
    const connectionTimeoutMillis = Number(options['connectionTimeoutMillis'] ?? 0) || connectWithinMillis
    // pg-pool keeps the password from being enumerated.
    this.#client = new Client({ ...options, password: options['password'], connectionTimeoutMillis })
    this.#client.on('error', (error: unknown) => this.#lose(error))
    this.#client.on('end', () => this.#lose(new Error('the connection was closed')))
    this.#client.on('notification', (heard: Heard) => {
      this.heardAt = performance.now()
      onHeard(heard)
    })
  }

  /** Logs in and listens. @throws PooledConnectionError; the driver's errors */
  async open(channels: readonly string[], options: DirectOptions): Promise<void> {
    try {
      await this.#client.connect()
      await checkDirectClient('listen()', this.#client, options)
      await runOn(this.#client)(listenText(channels))
      this.heardAt = performance.now()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Asks every `millis`, and loses the connection that has not answered by the next time. */
  beat(millis: number): void {
    if (millis === Infinity) return
    let isWaiting = false
    this.#heartbeat = setInterval(() => {
      if (isWaiting) return this.#lose(new Error(`the connection did not answer within ${millis} ms`))
      isWaiting = true
      void this.#ask().then(() => (isWaiting = false))
    }, millis)
    this.#heartbeat.unref()
  }

  async #ask(): Promise<void> {
    try {
      await runOn(this.#client)(sessionTexts.ping)
      this.heardAt = performance.now()
    } catch (error) {
      this.#lose(error)
    }
  }

  async close(): Promise<void> {
    this.#stop()
    const socket = this.#client.connection?.stream
    const late = setTimeout(() => socket?.destroy(), endWithinMillis)
    await this.#client.end().catch(() => {})
    clearTimeout(late)
  }

  #lose(cause: unknown): void {
    if (this.#isOver) return
    this.#stop()
    this.#client.connection?.stream?.destroy()
    this.#onLost(cause)
  }

  #stop(): void {
    this.#isOver = true
    clearInterval(this.#heartbeat)
  }
}
