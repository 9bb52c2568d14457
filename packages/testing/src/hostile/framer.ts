import { headerBytes } from './protocol.ts'

/** Receives the messages of a stream: complete ones, and parts of streamed types as they arrive. */
export type OnMessage = (type: number, bytes: Buffer) => void

/** Options of a {@link Framer}. */
export interface Framing {
  /** Types whose messages are forwarded in parts, because nothing reads them and they may be large. */
  readonly streamed: ReadonlySet<number>
  /** The largest message that is buffered, in bytes. */
  readonly maxBytes: number
  /** The largest message of a streamed type, in bytes. */
  readonly maxStreamedBytes: number
}

/** A message exceeds the limit, or its length is invalid. */
export class MessageTooLarge extends Error {
  override readonly name: string = 'MessageTooLarge'
}

/** Cuts a stream of bytes into the messages of the protocol. */
export class Framer {
  readonly #framing: Framing
  readonly #onMessage: OnMessage
  /** The buffered start of a message, and the number of bytes needed to continue. */
  #parts: Buffer[] = []
  #held = 0
  #needed = 0
  /** Bytes of a streamed message that are still to come. */
  #streaming = { type: 0, bytes: 0 }

  constructor(framing: Framing, onMessage: OnMessage) {
    this.#framing = framing
    this.#onMessage = onMessage
  }

  /** @throws MessageTooLarge */
  push(chunk: Buffer): void {
    let bytes = this.#join(chunk)
    while (bytes !== undefined && bytes.length > 0)
      bytes = this.#streaming.bytes > 0 ? this.#continue(bytes) : this.#next(bytes)
  }

  /** Returns the buffered bytes with the chunk; `undefined` while they do not suffice. */
  #join(chunk: Buffer): Buffer | undefined {
    if (this.#parts.length === 0) return chunk
    this.#parts.push(chunk)
    this.#held += chunk.length
    if (this.#held < this.#needed) return undefined
    const all = Buffer.concat(this.#parts, this.#held)
    this.#parts = []
    return all
  }

  #hold(bytes: Buffer, needed: number): undefined {
    this.#parts = [bytes]
    this.#held = bytes.length
    this.#needed = needed
  }

  #continue(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#streaming.bytes)
    this.#streaming.bytes -= part.length
    this.#onMessage(this.#streaming.type, part)
    return bytes.subarray(part.length)
  }

  /** Forwards the first message. @returns the bytes after it */
  #next(bytes: Buffer): Buffer | undefined {
    if (bytes.length < headerBytes) return this.#hold(bytes, headerBytes)
    const type = bytes.readUInt8(0)
    const length = 1 + bytes.readUInt32BE(1)
    const isStreamed = this.#framing.streamed.has(type)
    const limit = isStreamed ? this.#framing.maxStreamedBytes : this.#framing.maxBytes
    if (length < headerBytes || length > limit)
      throw new MessageTooLarge(`a message of ${length} bytes, where ${limit} are allowed`)
    if (bytes.length >= length) {
      this.#onMessage(type, bytes.subarray(0, length))
      return bytes.subarray(length)
    }
    if (!isStreamed) return this.#hold(bytes, length)
    this.#streaming = { type, bytes: length }
    return this.#continue(bytes)
  }
}
