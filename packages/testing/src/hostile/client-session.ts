import type { Socket } from 'node:net'
import { Checkout } from './checkout.ts'
import type { ClientSettings } from './client-settings.ts'
import { ExpectedAnswers } from './expected.ts'
import type { NamedStatements } from './named-statements.ts'
import { Inbox, type Message } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { readBind, readParse } from './prepared.ts'
import { backend, errorResponse, frontend, headerBytes, idleStatus, readText } from './protocol.ts'
import { readParameter, type Served, type ServerSession } from './server-session.ts'
import type { Sessions, Settle } from './sessions.ts'
import { TransactionRecord } from './transaction-record.ts'

/** The parts of a client. */
export interface ClientParts {
  readonly socket: Socket
  readonly sessions: Sessions
  readonly statements: NamedStatements
  readonly settings: ClientSettings
  /** Returns true if the statement pins the session to this client. */
  readonly pins: (sql: string) => boolean
  /** Call it at the end of a transaction. @returns what happens to its session next */
  readonly settle: (record: TransactionRecord) => Settle | undefined
  readonly onClosed: () => void
}

const isOfCopy: ReadonlySet<number> = new Set([frontend.copyData, frontend.copyDone, frontend.copyFail])
const mayComeInCopy: ReadonlySet<number> = new Set([...isOfCopy, frontend.flush, frontend.sync, frontend.terminate])
const isExtended: ReadonlySet<number> = new Set([
  frontend.parse,
  frontend.bind,
  frontend.describe,
  frontend.execute,
  frontend.close,
])

/**
 * A client that is logged in. It has a session from the first message of a transaction to the ReadyForQuery that ends
 * it. The server gets one Query or Sync at a time, so a pipeline is cut wherever a transaction may end.
 */
export class ClientSession implements Served {
  readonly #parts: ClientParts
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #expected = new ExpectedAnswers()
  readonly #checkout: Checkout
  /**
   * The last message to the server: nothing without an answer, messages without a Sync so far, a Query, or a Sync.
   */
  #unit: 'none' | 'open' | 'query' | 'sync' = 'none'
  #units = 0
  /** The server reads COPY data. */
  #isCopyingIn = false
  /** The server skips everything up to the next Sync. */
  #isSkipping = false
  /**
   * Holds an error back until its ReadyForQuery, because clients treat the error as the end of the transaction and
   * request the reports.
   */
  #isHoldingError = false
  /** True if the server has sent the reason for ending the session. */
  #hasSaidWhy = false
  #isPinned = false
  #isClosed = false
  #record = new TransactionRecord()
  /** A cancel request in flight. Until it has arrived, the session must not serve another client. */
  #canceling: Promise<void> | undefined

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.#inbox = new Inbox(parts.socket)
    this.#outbox = new Outbox(parts.socket)
    this.#checkout = new Checkout({ ...parts, served: this, onRefused: (response) => this.expel(response) })
    parts.socket.once('close', () => this.close())
  }

  /** Reports the successful login to the client. */
  greet(greeting: Buffer): void {
    this.#outbox.push(greeting)
    this.#outbox.flush()
  }

  receive(type: number, bytes: Buffer): void {
    if (!this.#isClosed) this.#inbox.push({ type, bytes })
  }

  /** Call it when a chunk was received completely. */
  received(): void {
    this.#pump()
    this.#inbox.pauseIfFull()
  }

  /**
   * Handles a cancel request: `send` forwards it to the server if `isStill` returns true at that time.
   *
   * @returns false if there is nothing to cancel
   */
  cancel(send: (session: ServerSession, isStill: () => boolean) => Promise<void>): boolean {
    const [session, unit] = [this.session, this.#units]
    if (session === undefined || this.#unit === 'none') return false
    const isStill = (): boolean => this.session === session && this.#units === unit && this.#unit !== 'none'
    this.#canceling = Promise.all([this.#canceling, send(session, isStill)]).then(() => undefined)
    return true
  }

  /** The session that serves the client now. */
  get session(): ServerSession | undefined {
    return this.#checkout.session
  }

  #pump(): void {
    for (let next = this.#inbox.next; next !== undefined && !this.#isClosed; next = this.#inbox.next) {
      if (!this.#mayGo(next)) break
      if (next.type === frontend.terminate) return this.close()
      if (this.session === undefined && !isOfCopy.has(next.type)) return this.#checkout.take(() => this.#pump())
      this.#inbox.shift()
      // Without a session this drops the rest of a failed COPY, which the server would ignore as well.
      if (this.session !== undefined) this.#forward(next)
    }
    if (this.session?.flush() === false) this.#waitFor(this.session)
  }

  #mayGo({ type }: Message): boolean {
    if (this.#checkout.isWaiting) return false
    if (this.#unit === 'none' || this.#unit === 'open') return true
    return this.#isCopyingIn && mayComeInCopy.has(type)
  }

  #waitFor(session: ServerSession): void {
    this.#parts.socket.pause()
    session.whenDrained(() => this.#parts.socket.resume())
  }

  #forward({ type, bytes }: Message): void {
    if (this.#isSkipping && type !== frontend.sync) return
    if (type === frontend.query || type === frontend.functionCall)
      this.#begin('query', type === frontend.query ? textAt(bytes) : undefined)
    else if (type === frontend.sync && !this.#isCopyingIn) this.#begin('sync')
    else if (isExtended.has(type)) return this.#forwardExtended(type, bytes)
    else if (type === frontend.copyDone || type === frontend.copyFail) this.#isCopyingIn = false
    this.session?.send(bytes)
  }

  #begin(unit: 'query' | 'sync', sql?: string): void {
    this.#unit = unit
    this.#units++
    this.#isSkipping = false
    this.#expected.push({ awaits: 'ready' })
    if (sql !== undefined) this.#recordText(sql)
  }

  #recordText(sql: string): void {
    this.#record.add(sql)
    if (!this.#isPinned) this.#isPinned = this.#parts.pins(sql)
  }

  #forwardExtended(type: number, bytes: Buffer): void {
    const session = this.session as ServerSession
    if (this.#unit === 'none') this.#units++
    this.#unit = 'open'
    this.#recordExtended(type, bytes)
    for (const step of this.#parts.statements.stepsFor(type, bytes, session)) {
      this.#expected.push(step.expected)
      if (step.bytes !== undefined) session.send(step.bytes)
      else if (step.expected.own?.[0] === backend.error) this.#isSkipping = true
    }
    this.#answerOwn()
  }

  #recordExtended(type: number, bytes: Buffer): void {
    if (type === frontend.parse) {
      const { name, sql } = readParse(bytes)
      this.#recordText(sql)
      if (name !== '') this.#record.usesNames = true
    } else if (type === frontend.bind) {
      const { name } = readBind(bytes)
      const sql = name === '' ? undefined : this.#parts.statements.textOf(name)
      if (sql !== undefined) this.#recordText(sql)
      if (name !== '') this.#record.usesNames = true
      this.#record.bound(bytes)
    }
  }

  answer(type: number, bytes: Buffer): void {
    const done = this.#expected.complete(type)
    if (type === backend.ready) return this.#ready(bytes)
    if (type === backend.error) this.#failed(bytes)
    else if (type === backend.notice) this.#record.complained(type, bytes)
    else if (type === backend.copyIn) this.#copyIn()
    else if (type === backend.commandComplete) this.#completed(bytes)
    else if (type === backend.parameterStatus) this.#learn(bytes)
    if (done?.isOurs !== true) this.#outbox.push(bytes)
    this.#answerOwn()
  }

  #answerOwn(): void {
    for (const own of this.#expected.takeOwn()) this.#outbox.push(own)
    if (this.#unit === 'open') this.flush()
  }

  #failed(bytes: Buffer): void {
    this.#record.complained(backend.error, bytes)
    for (const { prepares, isOurs = false } of this.#expected.skip()) {
      if (prepares === undefined) continue
      this.session?.prepared.delete(prepares)
      if (!isOurs) this.#parts.statements.failed(prepares)
    }
    this.#isCopyingIn = false
    this.#hasSaidWhy = bytes.includes('VFATAL\0')
    this.#isSkipping = this.#unit === 'open'
    this.#isHoldingError = !this.#isSkipping
  }

  /** While COPY data is read, the server ignores a Sync that was sent along. */
  #copyIn(): void {
    this.#isCopyingIn = true
    if (this.#unit === 'sync') {
      this.#unit = 'open'
      this.#expected.forgetSync()
    }
    // The data may have come ahead.
    this.#pump()
  }

  /** PgBouncer knows these two as well, by their tags. */
  #completed(bytes: Buffer): void {
    if (bytes.length > headerBytes + 16) return
    const tag = textAt(bytes)
    if (tag !== 'DEALLOCATE ALL' && tag !== 'DISCARD ALL') return
    this.session?.prepared.clear()
    this.#parts.statements.clear()
  }

  #learn(bytes: Buffer): void {
    const [name = '', value = ''] = readParameter(bytes)
    this.#parts.settings.changed(name, value)
  }

  #ready(bytes: Buffer): void {
    this.#unit = 'none'
    this.#isCopyingIn = false
    this.#isHoldingError = false
    this.#outbox.push(bytes)
    if (bytes[headerBytes] === idleStatus && !this.#isPinned) this.#endTransaction()
    this.#outbox.flush()
    this.#pump()
  }

  #endTransaction(): void {
    const settle = this.#parts.settle(this.#record)
    const canceling = this.#canceling
    this.#canceling = undefined
    this.#record = new TransactionRecord()
    this.#expected.clear()
    this.#checkout.giveBack(
      canceling === undefined ? settle : (session) => canceling.then(() => settle?.(session) ?? true),
    )
  }

  flush(): void {
    const { session } = this
    if (this.#isHoldingError || this.#outbox.flush() || session === undefined) return
    session.pause()
    this.#parts.socket.once('drain', () => session.resume())
  }

  lost(): void {
    if (!this.#hasSaidWhy)
      this.#outbox.push(errorResponse('FATAL', '08006', 'the server has ended the session that worked for this client'))
    this.#leave()
  }

  /** Tells the client why it has to go. */
  expel(response: Buffer): void {
    this.#outbox.push(response)
    this.#leave()
  }

  /** Messages that were written before still reach the client. */
  #leave(): void {
    this.#outbox.flush()
    this.#parts.socket.end()
    this.close()
  }

  /** A transaction that the client leaves open, or does not wait for, ends with its session. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#inbox.clear()
    this.#checkout.end()
    this.#parts.socket.end()
    this.#parts.onClosed()
  }
}

function textAt(bytes: Buffer): string {
  return readText(bytes, headerBytes).text
}
