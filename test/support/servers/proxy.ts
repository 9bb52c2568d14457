import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

const portAttempts = 20
/** Fewer than any message of the protocol has, except for its shortest ones. */
const pieceBytes = 5

/**
 * Below the ports that systems give to outgoing connections: while the way is closed one of those would take its port,
 * or even connect to itself.
 */
function drawPort(): number {
  return 15_000 + Math.floor(Math.random() * 15_000)
}

/**
 * A way to a server that can be cut: closed, as when the server is restarted, or silent, as when a firewall drops what
 * it is given. Its own port stays the same.
 */
export class Proxy {
  #server: Server | undefined
  #port = 0
  #target: number
  readonly #sockets = new Set<Socket>()
  /** Towards the server, with the client of each. */
  readonly #servers = new WeakMap<Socket, Socket>()
  /** Answers that arrive in pieces, as far as they have not arrived yet. */
  readonly #held = new WeakMap<Socket, Buffer>()
  #isSilent = false
  /** Called with what a client sends; `true` resets the connection before it goes on. */
  cuts: ((sent: Buffer) => boolean) | undefined
  #answers: 'whole' | 'lost' | 'cut' = 'whole'

  constructor(target: number) {
    this.#target = target
  }

  get port(): number {
    return this.#port
  }

  /** The port to which new connections lead. */
  set target(port: number) {
    this.#target = port
  }

  async open(): Promise<void> {
    const ports = this.#port === 0 ? Array.from({ length: portAttempts }, drawPort) : [this.#port]
    for (const port of ports) {
      const server = createServer((client) => this.#join(client))
      server.listen(port, '127.0.0.1')
      const isOpen = await once(server, 'listening').then(
        () => true,
        () => false,
      )
      if (!isOpen) continue
      this.#server = server
      this.#port = port
      return
    }
    throw new Error(`none of the ports ${ports.join(', ')} was free`)
  }

  /** Ends all connections and refuses new ones. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }

  /** Nothing goes through any more, either way. New connections are taken, and nothing comes back on them. */
  silence(): void {
    this.#isSilent = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** From now on, what the server sends is lost. */
  loseAnswers(): void {
    this.#answers = 'lost'
  }

  /** From now on, what the server sends arrives in pieces, in different turns of the event loop. */
  cutAnswers(): void {
    this.#answers = 'cut'
  }

  /** Delayed messages arrive, and later answers arrive as they are sent. */
  speak(): void {
    this.#isSilent = false
    this.#answers = 'whole'
    for (const socket of this.#sockets) socket.resume()
  }

  /** Nothing goes through one connection any more, as when a firewall has forgotten it. @param port the client's own */
  silenceOne(port: number | undefined): void {
    for (const socket of this.#sockets) {
      if (socket.remotePort === port || this.#servers.get(socket)?.remotePort === port) socket.pause()
    }
  }

  /**
   * Nothing goes through the connections that there are, and nobody is told, as when a firewall has forgotten them. New
   * ones work.
   */
  forgetAll(): void {
    for (const socket of this.#sockets) socket.pause()
  }

  /** Closes both ends of every connection, whatever was under way. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #answer(client: Socket, data: Buffer): void {
    if (this.#answers === 'lost') return
    const held = this.#held.get(client)
    if (this.#answers === 'whole' && held === undefined) return void client.write(data)
    const waiting = Buffer.concat([held ?? Buffer.alloc(0), data])
    this.#held.set(client, waiting)
    if (held === undefined) this.#writePiece(client)
  }

  #writePiece(client: Socket): void {
    const waiting = this.#held.get(client)
    if (waiting === undefined) return
    client.write(waiting.subarray(0, pieceBytes))
    if (waiting.length <= pieceBytes) return void this.#held.delete(client)
    this.#held.set(client, waiting.subarray(pieceBytes))
    setImmediate(() => this.#writePiece(client))
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1')
    this.#servers.set(server, client)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay()
      from.on('data', (data) => {
        if (from === server) this.#answer(to, data)
        else if (this.cuts?.(data) === true) from.resetAndDestroy()
        else to.write(data)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.#isSilent) from.pause()
    }
  }
}
