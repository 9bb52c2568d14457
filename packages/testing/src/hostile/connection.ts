import type { Socket } from 'node:net'
import type { ClientSession } from './client-session.ts'
import { Framer, MessageTooLarge } from './framer.ts'
import type { HostilePooler } from './hostile-pooler.ts'
import { cleartextRequest } from './login.ts'
import type { ResolvedOptions } from './options.ts'
import { backend, errorResponse, frontend, headerBytes, int32, message, readText, startupCode } from './protocol.ts'
import { readStartup, type StartupPacket } from './startup-packet.ts'
import { readStartupRequest, UnsupportedParameter, type StartupRequest } from './startup-settings.ts'

/**
 * A connection to the pooler from its first packet to the end of its login. After that it is a {@link ClientSession}.
 */
export class Connection {
  readonly #socket: Socket
  readonly #pooler: HostilePooler
  readonly #options: ResolvedOptions
  readonly #framer: Framer
  #client: ClientSession | undefined
  readonly #loginTimer: NodeJS.Timeout
  #onPassword: ((password: string) => void) | undefined

  constructor(socket: Socket, pooler: HostilePooler, options: ResolvedOptions) {
    this.#socket = socket
    this.#pooler = pooler
    this.#options = options
    const limits = { maxBytes: options.maxMessageBytes, maxStreamedBytes: options.maxMessageBytes }
    this.#framer = new Framer({ streamed: new Set([frontend.copyData]), ...limits }, (type, bytes) =>
      this.#receive(type, bytes),
    )
    this.#loginTimer = setTimeout(() => this.#giveUp(), options.loginTimeoutMillis).unref()
    socket.on('close', () => clearTimeout(this.#loginTimer))
    // `close` follows every error.
    socket.on('error', () => undefined)
  }

  /** @param isFull there are as many clients as there may be */
  serve(isFull: boolean): void {
    readStartup(this.#socket, (packet) => {
      if (packet === undefined) this.#refuse('08P01', 'invalid startup packet')
      else if (packet.code === startupCode.cancel) this.#cancel(packet)
      else if (packet.code >> 16 !== 3) this.#refuse('0A000', 'this pooler speaks version 3 of the protocol')
      else if (isFull)
        this.#refuse('53300', `no more connections allowed (maxConnections ${this.#options.maxConnections})`)
      else this.#start(packet)
    })
  }

  /** The server closes the connection as its answer. */
  #cancel({ body }: StartupPacket): void {
    void this.#pooler.cancel(body).then(() => this.#socket.end())
  }

  #start(packet: StartupPacket): void {
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#logIn(packet).catch((error: unknown) => {
      const response = (error as { response?: Buffer }).response
      if (response !== undefined) this.#socket.end(response)
      else this.#refuse('08P01', error instanceof Error ? error.message : String(error))
    })
    if (packet.rest.length > 0) this.#take(packet.rest)
  }

  #take(chunk: Buffer): void {
    try {
      this.#framer.push(chunk)
      this.#client?.received()
    } catch (error) {
      if (!(error instanceof MessageTooLarge)) throw error
      const response = errorResponse('FATAL', '54000', `the hostile pooler refuses ${error.message} (maxMessageBytes)`)
      this.#socket.removeAllListeners('data').resume()
      if (this.#client === undefined) this.#socket.end(response)
      else this.#client.expel(response)
    }
  }

  async #logIn({ code, body }: StartupPacket): Promise<void> {
    const request = this.#read(body)
    // A client that asks for a later 3.x gets the answer that the server speaks 3.0.
    if (code !== startupCode.protocol3 || request.extensions.length > 0) this.#socket.write(negotiation(request))
    await this.#pooler.passwords.admit(request, () => this.#askPassword())
    if (this.#socket.destroyed) return
    this.#client = await this.#pooler.welcome(this.#socket, request)
    clearTimeout(this.#loginTimer)
    if (this.#socket.destroyed) this.#client.close()
  }

  #read(body: Buffer): StartupRequest {
    try {
      return readStartupRequest(body, this.#options.pooler, this.#options.ignored)
    } catch (error) {
      if (error instanceof UnsupportedParameter)
        throw Object.assign(error, { response: errorResponse('FATAL', '08P01', error.message) })
      throw error
    }
  }

  #askPassword(): Promise<string> {
    this.#socket.write(cleartextRequest)
    return new Promise((resolve, reject) => {
      this.#onPassword = resolve
      this.#socket.once('close', () => reject(new Error('the client left')))
    })
  }

  #receive(type: number, bytes: Buffer): void {
    if (this.#client !== undefined) this.#client.receive(type, bytes)
    else if (type === frontend.password) this.#onPassword?.(readText(bytes, headerBytes).text)
  }

  /** The client may be gone without a word, and would never close its side. */
  #giveUp(): void {
    const text = `client_login_timeout: no login after ${this.#options.loginTimeoutMillis} ms (loginTimeoutMillis)`
    this.#socket.end(errorResponse('FATAL', '08P01', text), () => this.#socket.destroy())
  }

  #refuse(code: string, text: string): void {
    this.#socket.end(errorResponse('FATAL', code, text))
  }
}

function negotiation({ extensions }: StartupRequest): Buffer {
  return message(backend.negotiate, int32(startupCode.protocol3), int32(extensions.length), ...extensions)
}
