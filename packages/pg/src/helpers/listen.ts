import { setTimeout as delay } from 'node:timers/promises'
import { performance } from '@poolsafe/core/internal'
import { directOf } from '../direct/direct-of.ts'
import { checkDirectPool, PooledConnectionError } from './direct-connection.ts'
import {
  checkHandlers,
  resolveListenOptions,
  type ListenOptions,
  type NotificationHandler,
  type ResolvedListenOptions,
} from './listen-options.ts'
import { ListeningClient, type Heard } from './listening-client.ts'
import type { HelperPool } from './pg-database.ts'

/** Listens until it is closed. `await using` closes it. */
export interface Listener extends AsyncDisposable {
  /** Returns false while the connection is lost. */
  readonly isConnected: boolean
  close(): Promise<void>
}

/** The first pause before a reconnection, in milliseconds; each further one is twice as long. */
const firstPauseMillis = 50

/**
 * Listens to channels on one direct connection of its own. A lost or silent connection is replaced, and `onGap` says
 * that notifications may have been missed.
 *
 * ```ts
 * const listener = await listen(direct, { 'order-paid': (payload) => ship(payload) }, { onGap: () => shipAllPaid() })
 * ```
 *
 * @param direct a pool on the unpooled URL, or a guarded pool that has one. Only its options are used: the listener's connection is none of its `max`
 * @param handlers a function for each channel, by its exact name
 * @returns resolves when all channels are listened to
 * @throws InvalidOptionError for a value that is no pool, and for invalid channels and options; PooledConnectionError
 *   for a pool behind a pooler; the driver's error where the first connection fails
 */
export async function listen(
  direct: HelperPool,
  handlers: Readonly<Record<string, NotificationHandler>>,
  options: ListenOptions = {},
): Promise<Listener> {
  checkHandlers(handlers)
  const resolved = resolveListenOptions(options)
  const pool = directOf(direct)
  checkDirectPool('listen()', pool)
  const listener = new PoolListener(pool, { ...handlers }, resolved)
  await listener.open()
  return listener
}

class PoolListener implements Listener {
  readonly #direct: HelperPool
  readonly #handlers: Readonly<Record<string, NotificationHandler>>
  readonly #options: ResolvedListenOptions
  readonly #closing = new AbortController()
  readonly #warned = new Set<string>()
  #client: ListeningClient | undefined

  constructor(
    direct: HelperPool,
    handlers: Readonly<Record<string, NotificationHandler>>,
    options: ResolvedListenOptions,
  ) {
    this.#direct = direct
    this.#handlers = handlers
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#client !== undefined
  }

  async open(): Promise<void> {
    const { heartbeatMillis } = this.#options
    const client: ListeningClient = new ListeningClient(
      this.#direct,
      (heard) => this.#hear(heard),
      (cause) => void this.#reconnect(client, cause),
    )
    await client.open(Object.keys(this.#handlers), this.#options)
    if (this.#closing.signal.aborted) return client.close()
    this.#client = client
    client.beat(heartbeatMillis)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Tries until it succeeds or the listener is closed. */
  async #reconnect(lost: ListeningClient, cause: unknown): Promise<void> {
    // A client that was lost while it logged in has failed `open` already.
    if (this.#client !== lost) return
    this.#client = undefined
    const { signal } = this.#closing
    for (let pauseMillis = firstPauseMillis; !signal.aborted; pauseMillis *= 2) {
      const longest = Math.min(pauseMillis, this.#options.reconnectAtMostMillis)
      // All replicas lose their connections together when a server restarts.
      await delay(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      try {
        await this.open()
        return this.#reportGap(performance.now() - lost.heardAt, cause)
      } catch (error) {
        void this.#fail(error, 'a listener could not reconnect')
        if (error instanceof PooledConnectionError) return
      }
    }
  }

  #hear({ channel, payload = '', processId }: Heard): void {
    const handler = this.#handlers[channel]
    if (handler !== undefined)
      void this.#call(() => handler(payload, { channel, processId }), handlerOf(channel), channel)
  }

  #reportGap(gapMillis: number, cause: unknown): void {
    const { onGap } = this.#options
    if (onGap !== undefined && !this.#closing.signal.aborted)
      void this.#call(() => onGap({ gapMillis, cause }), 'onGap of listen()')
  }

  /** Calls a function of the application, whose errors must end neither the process nor the listener. */
  async #call(call: () => unknown, name: string, channel?: string): Promise<void> {
    try {
      await call()
    } catch (error) {
      await this.#fail(error, `${name} failed`, channel)
    }
  }

  async #fail(error: unknown, what: string, channel?: string): Promise<void> {
    const { onError } = this.#options
    if (onError === undefined) return this.#warn(error, what)
    try {
      await onError(error, channel === undefined ? {} : { channel })
    } catch (failure) {
      this.#warn(failure, 'onError of listen() failed')
    }
  }

  #warn(error: unknown, what: string): void {
    if (this.#warned.has(what)) return
    this.#warned.add(what)
    process.emitWarning(`${what}: ${textOf(error)}`, 'PoolsafeWarning')
  }
}

function handlerOf(channel: string): string {
  return `the handler of channel ${channel}`
}

/** An application may throw anything, also an object without `toString`. */
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'an object without text'
  }
}
