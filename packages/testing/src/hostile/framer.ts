import { headerBytes } from './protocol.ts'

/** Who gets the messages of a stream: whole ones, and of streamed types also the parts of one, as they come. */
export type OnMessage = (type: number, bytes: Buffer) => void

/** How a {@link Framer} cuts a stream. */
export interface Framing {
  /** Messages of these types are handed on in parts: nobody looks into them, and they may be large. */
  readonly streamed: ReadonlySet<number>
  /** The largest message that is held together, in bytes. */
  readonly maxBytes: number
  /** The largest message of a streamed type, in bytes. */
  readonly maxStreamedBytes: number
}

/** A message is larger than the limit, or its length makes no sense. */
export class MessageTooLarge extends Error {
  override readonly name: string = 'MessageTooLarge'
}

/** Cuts a stream of bytes into the messages of the protocol. */
export class Framer {
  readonly #framing: Framing
  readonly #onMessage: OnMessage
  /** The beginning of a message, and how many bytes are needed to go on. */
  #parts: Buffer[] = []
  #held = 0
  #needed = 0
  /** What is still to come of a streamed message. */
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

  /** What is held back, with the chunk; `undefined` while it is not enough. */
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

  /** Hands on the first message. @returns what follows it */
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
