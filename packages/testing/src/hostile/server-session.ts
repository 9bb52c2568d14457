import { connect, type Socket } from 'node:net'
import { Answers, type QueryAnswer } from './own-query.ts'
import { Framer, type Framing } from './framer.ts'
import { Outbox } from './outbox.ts'
import { backend, frontend, headerBytes, message, readTexts } from './protocol.ts'

/** The address of the server. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** A client served by a session. */
export interface Served {
  /** A message of the server, or a part of a row or of COPY data. */
  answer(type: number, bytes: Buffer): void
  /** Called after all messages of a chunk. */
  flush(): void
  /** The session is gone. */
  lost(): void
}

/** The process id and secret key for a CancelRequest. */
export interface CancelKey {
  readonly pid: number
  readonly secret: Buffer
}

/** Limit for an orderly end of a session before its socket is destroyed, in milliseconds. */
const farewellMillis = 2_000

const streamed: ReadonlySet<number> = new Set([backend.dataRow, backend.copyData])

/**
 * Framing of server messages: messages that are not streamed are buffered and may have any size.
 */
export const serverFraming: Framing = { streamed, maxBytes: 2 ** 30, maxStreamedBytes: Infinity }

/** A logged-in session on the server. It serves one client at a time, or queries of the pooler. */
export class ServerSession {
  /** Parameters that the server has reported, by its own names: `TimeZone`. */
  readonly parameters: Map<string, string>
  /** The same by names in lower case. */
  readonly reported: Map<string, string>
  readonly key: CancelKey
  /** Names of statements that the pooler has prepared on this session. */
  readonly prepared: Set<string> = new Set()
  /** Settings that the pooler restored here for the current client, by name in lower case. */
  readonly restored: Map<string, string> = new Map()
  /** Resolves when the session has ended for any reason. */
  readonly ended: Promise<void>
  #isOver = false
  #served: Served | undefined
  #own: Answers | undefined
  readonly #socket: Socket
  readonly #outbox: Outbox

  constructor(socket: Socket, parameters: Map<string, string>, key: CancelKey) {
    this.#socket = socket
    this.#outbox = new Outbox(socket)
    this.parameters = parameters
    this.reported = new Map([...parameters].map(([name, value]) => [name.toLowerCase(), value]))
    this.key = key
    const framer = new Framer(serverFraming, (type, bytes) => this.#receive(type, bytes))
    socket.on('data', (chunk: Buffer) => {
      framer.push(chunk)
      this.#served?.flush()
    })
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#lose()
        resolve()
      })
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Forwards the server's messages to `served` from now on. */
  serve(served: Served | undefined): void {
    this.#served = served
    if (served === undefined) this.resume()
  }

  send(bytes: Buffer): void {
    this.#outbox.push(bytes)
  }

  /** @returns false if the socket is full; see {@link whenDrained} */
  flush(): boolean {
    return this.#outbox.flush()
  }

  whenDrained(callback: () => void): void {
    this.#socket.once('drain', callback)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /**
   * Runs a query of the pooler with the simple protocol. The session must not serve a client or run another such query.
   */
  query(sql: string): Promise<QueryAnswer> {
    const own = new Answers()
    this.#own = own
    if (this.#isOver) own.fail()
    this.send(message(frontend.query, sql))
    this.flush()
    return own.done
  }

  /** Sends Terminate and waits for the end. */
  async end(): Promise<void> {
    if (!this.#isOver) {
      this.#socket.resume()
      this.#socket.end(message(frontend.terminate))
      const cut = setTimeout(() => this.#socket.destroy(), farewellMillis)
      await this.ended
      clearTimeout(cut)
    }
  }

  #receive(type: number, bytes: Buffer): void {
    if (type === backend.parameterStatus) this.#learn(bytes)
    if (this.#own === undefined) this.#served?.answer(type, bytes)
    else if (this.#own.receive(type, bytes)) this.#own = undefined
  }

  #learn(bytes: Buffer): void {
    const [name = '', value = ''] = readParameter(bytes)
    this.parameters.set(name, value)
    this.reported.set(name.toLowerCase(), value)
  }

  #lose(): void {
    this.#isOver = true
    this.#own?.fail()
    this.#own = undefined
    this.#served?.lost()
  }
}

/** Name and value of a ParameterStatus. */
export function readParameter(bytes: Buffer): readonly string[] {
  const [name = '', value = ''] = readTexts(bytes, headerBytes)
  return [name, value]
}

/** Connects to the server. @throws Error if nothing listens there */
export function connectTo({ host, port }: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      // `close` follows every error.
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}
