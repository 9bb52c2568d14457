import type { Socket } from 'node:net'

/** Larger parts are written separately, because copying them together would cost more. */
const joinedBytes = 65_536

/** Collects output for a socket and writes it at once: one packet for each packet received. */
export class Outbox {
  readonly #socket: Socket
  #parts: Buffer[] = []

  constructor(socket: Socket) {
    this.#socket = socket
  }

  push(bytes: Buffer): void {
    const last = this.#parts.at(-1)
    const follows =
      last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset
    if (follows)
      this.#parts[this.#parts.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length)
    else this.#parts.push(bytes)
  }

  /** @returns false if the socket is full; it emits `drain` later */
  flush(): boolean {
    const parts = this.#parts
    if (parts.length === 0) return !this.#socket.writableNeedDrain
    this.#parts = []
    if (!this.#socket.writable) return true
    const total = parts.reduce((sum, { length }) => sum + length, 0)
    if (parts.length === 1 || total <= joinedBytes)
      return this.#socket.write(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, total))
    this.#socket.cork()
    for (const part of parts) this.#socket.write(part)
    this.#socket.uncork()
    return !this.#socket.writableNeedDrain
  }
}
