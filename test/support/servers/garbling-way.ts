import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Bytes that are no message of the protocol. */
const garbage = Buffer.from([0, 0, 0, 0, 4])

/** A way to a server on which something else may answer, as a proxy does that breaks. */
export class GarblingWay {
  readonly #server: Server
  readonly #clients = new Set<Socket>()
  #garblesNext = false

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(target: number): Promise<GarblingWay> {
    const server = createServer()
    const way = new GarblingWay(server)
    server.on('connection', (client) => way.#join(client, connect(target, '127.0.0.1')))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return way
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The next answer of the server is replaced. */
  garbleNext(): void {
    this.#garblesNext = true
  }

  /** Sends unrequested bytes to all clients. */
  intrude(bytes: Buffer = garbage): void {
    for (const client of this.#clients) client.write(bytes)
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket, server: Socket): void {
    this.#clients.add(client)
    for (const socket of [client, server]) socket.on('error', () => {})
    client.pipe(server)
    server.on('data', (answer) => {
      client.write(this.#garblesNext ? garbage : answer)
      this.#garblesNext = false
    })
    server.on('close', () => client.destroy())
    client.on('close', () => {
      this.#clients.delete(client)
      server.destroy()
    })
  }
}
