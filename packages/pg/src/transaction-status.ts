import { Transaction } from '@poolsafe/core'
import type { ClientLike } from './types.ts'

/** What pg's client holds beside its typed face. */
interface ClientInternals {
  /** `true` exactly while nothing is on its way to the server, in pipeline mode too. */
  readonly readyForQuery?: boolean
  /** `false` once the connection is broken. */
  readonly _queryable?: boolean
  readonly connection?: Connection
}

/** The listeners come before pg's own, which calls the application back. */
interface Connection {
  prependListener(event: 'readyForQuery', listener: (message: { status: string }) => void): void
  prependListener(event: 'errorMessage', listener: () => void): void
}

/**
 * Whether a client's transaction is open. The server's own word (ReadyForQuery: `I` idle, `T` in a transaction, `E` in a
 * failed one) is right when nothing is under way. While queries are queued or pipelined it is out of date, and the
 * transaction commands among them tell.
 */
export class TransactionStatus {
  readonly #client: ClientLike & ClientInternals
  readonly #transaction = new Transaction()
  /** Heard from the connection: what pg tells from 8.21 on. */
  #heard: string | undefined
  /** Of the queries since nothing was under way: how many were sent, how many are answered, and the last one that changed the transaction. */
  #sent = 0
  #answered = 0
  #changedAt = 0
  #part: object = this.#transaction.state.part

  constructor(client: ClientLike) {
    this.#client = client
    const { connection } = this.#client
    // The application hears of an error before the server says that it is ready, and in which state.
    connection?.prependListener('errorMessage', () => this.#onError())
    connection?.prependListener('readyForQuery', ({ status }) => {
      this.#heard = status
      this.#answered++
    })
  }

  /** A query is on its way. Every one is told, as the server answers them in this order, each with one ReadyForQuery. */
  noteSent(): void {
    this.#sent++
    const { part } = this.#transaction.state
    if (part === this.#part) return
    this.#part = part
    this.#changedAt = this.#sent
  }

  /**
   * An error of what was queued ahead of a BEGIN or a ROLLBACK TO says nothing of what follows it. A query that fails in the client gets no
   * answer, so that later ones are taken for earlier ones: then the transaction counts as alive until the server says otherwise.
   */
  #onError(): void {
    if (this.#transaction.isOpen && this.#answered >= this.#changedAt) this.#transaction.abort()
  }

  /** Whether the transaction is open after what was judged last, which may not be sent yet. */
  get isOpen(): boolean {
    return this.#transaction.isOpen
  }

  /** The transaction as it stands now, for the guard to judge by and to keep up. */
  get current(): Transaction {
    const status = this.#serverStatus
    if (status === undefined) this.#transaction.expectAnswers()
    else this.#settle(status)
    if (status === 'E') this.#transaction.abort()
    if (status === 'T') this.#transaction.resume()
    return this.#transaction
  }

  #settle(status: string): void {
    this.#transaction.isOpen = status !== 'I'
    this.#part = this.#transaction.state.part
    this.#sent = 0
    this.#answered = 0
    this.#changedAt = 0
  }

  /** `undefined` while the server has not answered everything that it was sent. */
  get #serverStatus(): string | undefined {
    // A broken connection has no transaction any more: the server rolled it back.
    if (this.#client._queryable === false) return 'I'
    if (this.#client.readyForQuery !== true) return undefined
    return this.#client.getTransactionStatus?.() ?? this.#heard ?? 'I'
  }
}
