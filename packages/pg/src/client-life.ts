import { isPoolsafeError, type ConnectionLostError, type LossReason } from '@poolsafe/core'
import { isFarewell, isGarbled, type Checkout, type Gate, performance, setTimeout } from '@poolsafe/core/internal'
import {
  lifeKey,
  type Ending,
  type Life,
  type LivingClient,
  type ReleaseJudge,
  type ServerRole,
} from './living-client.ts'
import { checkoutKey } from './present-checkout.ts'
import { hearFailures, onQueryFailure } from './query-failures.ts'
import type { ReadOnlyWatch } from './read-only-watch.ts'
import { Stays } from './stays.ts'
import { isSubmittable } from './statement.ts'
import {
  activeQueryOf,
  type ClientLike,
  type DriverFunction,
  type PoolLike,
  type Query,
  type WiredClient,
} from './types.ts'

/** The pool of a client, and its gate. */
export interface Home {
  readonly pool: PoolLike
  readonly gate: Gate<ClientLike>
  readonly readOnly: ReadOnlyWatch
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

let lives = 0

/** How long the application has to release a lost connection before the pool takes it back. */
const graceMillis = 100

/** pg's messages for a query on a connection that has ended. They do not say why it ended. */
const saysNoReason =
  /^Client has encountered a connection error|^Client was closed and is not queryable|^Connection terminated/

/**
 * One connection of a pool, from its login to its end: notices when it is lost, remembers the reason for the errors
 * that follow, and takes it back from a caller that does not release it.
 */
export class ClientLife implements Life {
  /** The report of the loss. */
  loss: ConnectionLostError | undefined
  /**
   * Why the connection must not go back to the pool. `unanswered`: the client gave up a statement (`query_timeout`)
   * that has no answer or was never sent. `readOnly`: the server accepts no writes any more.
   */
  unfitFor: 'unanswered' | 'readOnly' | undefined
  /** The role that the server reports now, and the one that it reported at login. */
  role: ServerRole = {}
  atLogin: ServerRole = {}
  /** When the login was complete, on the clock of `performance.now()`. */
  openedAt = 0
  /** The query that the server has answered with an error, until it reports the state of the session. */
  failed: Query | undefined = undefined
  /** `client.release` of the present stay with the application; between stays, of the previous one. */
  release: DriverFunction | undefined
  /** The number of the connection in this process. */
  readonly id: number = ++lives
  /** The last release, until the next stay begins. A call that uses the client in between comes after its release. */
  released: Checkout<ClientLike> | undefined
  /** The present checkout, if the context of its call points to it. */
  followed: Checkout<ClientLike> | undefined
  /** Judges releases, for a guarded pool. */
  judge: ReleaseJudge | undefined
  /** Ends in the place of the present stay: its checkout has moved to a direct connection. */
  movedTo: Ending | undefined = undefined
  /** Status byte of the last ReadyForQuery, for versions of pg that do not report it. */
  status: string | undefined
  readonly home: Home
  readonly #client: LivingClient
  readonly #stays: Stays
  /** True once the login is complete. An error is then a loss, and not a failure to connect. */
  #isOpen = false
  /** The last error of the server, until a ReadyForQuery follows. */
  #lastWords: Error | undefined

  constructor(client: LivingClient, home: Home) {
    this.#client = client
    this.home = home
    this.#stays = new Stays(client, this)
    const { connection } = client
    if (connection === undefined) return
    connection.prependListener('errorMessage', (message: Error) => this.#hearWords(message))
    connection.prependListener('error', (error: Error) => this.#breaks(error))
    connection.prependListener('end', () => this.#end())
    connection.prependListener('parameterStatus', (status: ParameterStatus) => this.#hearRole(status))
    if (client.getTransactionStatus === undefined) {
      connection.prependListener('readyForQuery', (message?: { status: string }) => {
        this.status = message?.status
      })
    }
    onQueryFailure(client, connection, (_query, error) => this.#hearFailure(error))
  }

  /** Notes that the login is complete and the pool has the client. */
  opened(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.openedAt = performance.now()
    this.atLogin = this.role
    this.home.readOnly.reported(this.role)
    // pg-pool removes its own listener while a client is checked out. Without a listener, a server that goes away would
    // crash the process.
    this.#client.prependListener('error', (error) => this.#hearError(error))
  }

  /** Begins a stay: pg-pool sets `client.release` for each of them. */
  begin(release: DriverFunction | undefined): void {
    this.release = release && this.#stays.begin(release)
    if (release === undefined) return
    this.released = undefined
    this.followed = undefined
    this.judge?.begin()
  }

  /** Returns true if a statement may come from a caller that has released the client. */
  get isSuspect(): boolean {
    return this.released !== undefined || this.followed !== undefined
  }

  /** Notes that the application has the client, from a call whose context may point to it. */
  held(checkout: Checkout<ClientLike>): void {
    if (!checkout.isFollowed) return
    checkout.connectionId = this.id
    this.followed = checkout
  }

  /** Notes that the pool closes this connection for a reason of poolsafe. */
  giveUpFor(reason: LossReason): void {
    this.#lose(undefined, reason)
  }

  #hearRole({ parameterName, parameterValue }: ParameterStatus): void {
    if (parameterName !== 'in_hot_standby' && parameterName !== 'default_transaction_read_only') return
    this.role = { ...this.role, [parameterName]: parameterValue }
    if (this.#isOpen) this.home.readOnly.reported(this.role)
  }

  #hearWords(message: Error & { readonly code?: unknown }): void {
    this.#lastWords = message
    if (message.code === '25006') this.#refusedToWrite(message)
    if (isFarewell(message)) return this.#lose(message)
    if (isGarbled(message)) return this.#closeGarbled(message)
    this.failed = activeQueryOf(this.#client as unknown as WiredClient)
    this.#client.connection?.once('readyForQuery', () => this.#forgetFailure())
  }

  #forgetFailure(): void {
    this.#lastWords = undefined
    this.failed = undefined
  }

  #refusedToWrite({ message }: Error): void {
    const isAutocommit = (this.#client.getTransactionStatus?.() ?? this.status) === 'I'
    if (this.home.readOnly.refused(this, message, isAutocommit)) this.unfitFor ??= 'readOnly'
  }

  /** From here on, poolsafe cannot tell which answer belongs to which query, and the end of this one may never come. */
  #closeGarbled(message: Error): void {
    this.#lose(message)
    this.#client.connection?.stream.destroy()
  }

  /** pg gives up a connection that sends something unexpected, without a word of the server or its socket. */
  #hearError(error: unknown): void {
    if (this.#client._queryable === false && error instanceof Error) this.#lose(error)
    this.#addCause(error)
  }

  /** A connection that poolsafe closes for a limit was not answered in time. */
  #breaks(error: Error): void {
    this.#lose(this.#lastWords ?? error, isPoolsafeError(error) ? 'unanswered' : undefined)
  }

  #end(): void {
    if (this.#client._ending !== true) this.#lose(this.#lastWords)
    // The application itself may have called client.end() instead of release().
    const { number, isHeld } = this.#stays
    // Calls may wait for this place, and nothing else may keep the process alive.
    if (isHeld) setTimeout(() => this.#stays.takeBack(number), graceMillis)
  }

  #lose(cause: Error | undefined, reason?: LossReason): void {
    if (!this.#isOpen || this.loss !== undefined || (this.#client._ending === true && reason === undefined)) return
    const { gate } = this.home
    this.loss = gate.record.losses.note(cause, this.#client[checkoutKey], gate.record.name, reason)
    this.#hearSubmittables()
    this.#stays.changed()
  }

  /** From now on, every statement fails. Query objects of other libraries are not of pg's class. */
  #hearSubmittables(): void {
    const send = this.#client.query as DriverFunction
    this.#client.query = (...args: unknown[]): unknown => {
      if (isSubmittable(args[0])) hearFailures(args[0] as object)
      return Reflect.apply(send, this.#client, args)
    }
  }

  #hearFailure(error: unknown): void {
    if (this.loss !== undefined) return this.#addCause(error)
    if ((error as Error | undefined)?.message !== 'Query read timeout') return
    this.unfitFor = 'unanswered'
    this.#stays.changed()
  }

  /** pg shares one error among all queries of the connection. */
  #addCause(error: unknown): void {
    if (
      this.loss === undefined ||
      !(error instanceof Error) ||
      error.cause !== undefined ||
      !saysNoReason.test(error.message)
    )
      return
    Object.defineProperty(error, 'cause', { value: this.loss, configurable: true, writable: true, enumerable: false })
  }
}

function isIdle(
  pool: PoolLike & { readonly _idle?: readonly { readonly client: unknown }[] },
  client: LivingClient,
): boolean {
  return pool._idle?.some((item) => item.client === client) === true
}

/** Returns the life of a client, and creates it for a new client. */
export function lifeOf(given: ClientLike, home: Home): Life {
  const client = given as LivingClient
  if (client[lifeKey] !== undefined) return client[lifeKey]
  const life = new ClientLife(client, home)
  Object.defineProperty(client, lifeKey, { value: life })
  const { release } = client as { readonly release?: DriverFunction }
  Object.defineProperty(client, 'release', releaseProperty)
  // pg-pool leaves the function of the last stay on an idle client: that stay is over.
  if (isIdle(home.pool, client)) life.release = release
  else life.begin(release)
  return life
}

/**
 * pg-pool sets `client.release` anew at each checkout, and passes the same function to callbacks. So an accessor guards
 * it when it is set. All clients share the accessor: with one of its own, V8 would turn each client into a slow
 * dictionary.
 */
const releaseProperty: PropertyDescriptor & ThisType<LivingClient> = {
  configurable: true,
  enumerable: true,
  get() {
    return this[lifeKey]?.release
  },
  set(release: DriverFunction | undefined) {
    this[lifeKey]?.begin(release)
  },
}
