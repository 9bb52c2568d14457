import { TransactionTrack, type Analysis } from '@poolsafe/core'
import type { ClientLike } from './types.ts'

/** What pg's client holds beside its typed face. */
interface ClientInternals {
  /** `true` exactly while nothing is on its way to the server, in pipeline mode too. */
  readonly readyForQuery?: boolean
  /** `false` once the connection is broken. */
  readonly _queryable?: boolean
  readonly connection?: { on(event: 'readyForQuery', listener: (message: { status: string }) => void): void }
}

/**
 * Whether a client's transaction is open. The server's own word (ReadyForQuery: `I` idle, `T` in a transaction, `E` in a
 * failed one) is right when nothing is under way. While queries are queued or pipelined it is out of date, and the
 * transaction commands among them tell.
 */
export class TransactionStatus {
  readonly #client: ClientLike & ClientInternals
  readonly #track = new TransactionTrack()
  /** Heard from the connection where pg is older than 8.21. */
  #heard: string | undefined

  constructor(client: ClientLike) {
    this.#client = client
    if (client.getTransactionStatus !== undefined) return
    this.#client.connection?.on('readyForQuery', ({ status }) => {
      this.#heard = status
    })
  }

  /** A statement is about to be sent. */
  sent(analysis: Analysis): void {
    this.#track.isOpen = this.isOpen
    this.#track.sent(analysis)
  }

  get isOpen(): boolean {
    // A broken connection has no transaction any more: the server rolled it back.
    if (this.#client._queryable === false) return false
    if (this.#client.readyForQuery !== true) return this.#track.isOpen
    const status = this.#client.getTransactionStatus?.() ?? this.#heard
    return status === 'T' || status === 'E'
  }
}
