import { Duplex } from 'node:stream'

/** A message of PostgreSQL's protocol (version 3): type, length with itself, content. */
function message(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeInt32BE(content.length + 4, 1)
  return Buffer.concat([head, content])
}

const ready = message('Z', Buffer.from('I'))
const readyInTransaction = message('Z', Buffer.from('T'))
const welcome = Buffer.concat([message('R', Buffer.alloc(4)), ready])

/** One row with the int4 `1` in a column named `?column?`, as PostgreSQL answers `SELECT 1`. */
const row = Buffer.concat([
  message('T', Buffer.from('\0\u0001?column?\0\0\0\0\0\0\0\0\0\0\u0017\0\u0004\xff\xff\xff\xff\0\0', 'latin1')),
  message('D', Buffer.from('\0\u0001\0\0\0\u00011', 'latin1')),
  message('C', Buffer.from('SELECT 1\0')),
])
const one = Buffer.concat([row, ready])
const oneInTransaction = Buffer.concat([row, readyInTransaction])

const query = 'Q'.charCodeAt(0)
const terminate = 'X'.charCodeAt(0)

/**
 * A server that answers whatever is asked with one row, in the next turn of the event loop. Without system calls and
 * another process on the same cores, a tenth of a microsecond can be seen.
 */
class CannedServer extends Duplex {
  readonly #answer: Buffer

  constructor(answer: Buffer) {
    super()
    this.#answer = answer
  }

  connect(): void {
    setImmediate(() => this.emit('connect'))
  }

  // A socket has these, and pg calls them.
  setNoDelay(): void {}
  ref(): void {}
  unref(): void {}

  override _read(): void {}

  override _write(sent: Buffer, _encoding: string, done: () => void): void {
    done()
    if (sent[0] === terminate) this.push(null)
    else setImmediate(() => this.push(sent[0] === query ? this.#answer : welcome))
  }
}

/** For the option `stream` of a client. */
export function connectCanned(): CannedServer {
  return new CannedServer(one)
}

/** The same of a server in whose answers a transaction is open. */
export function connectInTransaction(): CannedServer {
  return new CannedServer(oneInTransaction)
}
