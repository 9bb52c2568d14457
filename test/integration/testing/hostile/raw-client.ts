import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Speaks the wire protocol in whatever order a test wants, which no driver would. */
export class RawClient {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #wake: () => void = () => undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('close', () => this.#wake())
  }

  /** Sends bytes at once, in one packet where they fit. */
  send(...messages: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(messages))
  }

  /** The next message as its letter and its texts. @returns `undefined` when the connection has ended */
  async next(): Promise<string | undefined> {
    for (;;) {
      const length = this.#received.length < 5 ? Infinity : 1 + this.#received.readUInt32BE(1)
      if (this.#received.length >= length) {
        const bytes = this.#received.subarray(0, length)
        this.#received = this.#received.subarray(length)
        return shown(bytes)
      }
      if (this.#socket.closed) return undefined
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** All messages up to the `count`th ReadyForQuery, that one included; ParameterStatus and notices are left out. */
  async answers(count = 1): Promise<string[]> {
    const found: string[] = []
    for (let ready = 0; ready < count;) {
      const said = await this.next()
      if (said === undefined) return [...found, 'end']
      if (said.startsWith('Z')) ready++
      if (!/^[SNK]/.test(said)) found.push(said)
    }
    return found
  }

  async end(): Promise<void> {
    if (this.#socket.closed) return
    this.#socket.end(message('X'))
    await once(this.#socket, 'close')
  }
}

/** Errors as their SQLSTATE, rows as their last value, everything else as its letter and what follows. */
function shown(bytes: Buffer): string {
  const letter = String.fromCharCode(bytes[0] ?? 0)
  if (letter === 'E') return `E${/\0C(\w+)/.exec(bytes.toString('latin1'))?.[1]}`
  if (letter === 'D') return `D${bytes.toString('utf8', 11)}`
  if (letter === 'C' || letter === 'Z') return `${letter}${bytes.toString('utf8', 5).replaceAll('\0', '')}`
  return letter
}

export function message(letter: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part)))
  const header = Buffer.alloc(5)
  header.write(letter)
  header.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

const noParameters = Buffer.alloc(2)

export const query = (sql: string): Buffer => message('Q', sql)
export const sync: Buffer = message('S')
export const flush: Buffer = message('H')
export const parse = (sql: string, name = ''): Buffer => message('P', name, sql, noParameters)
export const bind = (name = ''): Buffer => message('B', '', name, Buffer.alloc(6))
export const execute: Buffer = message('E', '', Buffer.alloc(4))
export const closeStatement = (name: string): Buffer => message('C', Buffer.from('S'), name)
export const describeStatement = (name: string): Buffer => message('D', Buffer.from('S'), name)

/** All of the extended protocol for one statement, but the Sync. */
export const extended = (sql: string): Buffer => Buffer.concat([parse(sql), bind(), execute])

/** Connects and logs in as `postgres`, with version 3.x of the protocol. */
export async function connectRaw(host: string, port: number, minor = 0): Promise<RawClient> {
  const socket = connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  const client = new RawClient(socket)
  const body = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const header = Buffer.alloc(8)
  header.writeUInt32BE(body.length + 8)
  header.writeUInt32BE(3 * 65536 + minor, 4)
  client.send(header, body)
  return client
}
