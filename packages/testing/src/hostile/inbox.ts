import type { Socket } from 'node:net'

/** One message of a client. */
export interface Message {
  readonly type: number
  readonly bytes: Buffer
}

/** Reading from the client pauses while more than this waits for a session or an answer. */
const maxQueuedBytes = 1_048_576

/** Collects the messages of a client that wait for a session or an answer. */
export class Inbox {
  readonly #socket: Socket
  #messages: Message[] = []
  #bytes = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** The oldest message. */
  get next(): Message | undefined {
    return this.#messages[0]
  }

  push(message: Message): void {
    this.#messages.push(message)
    this.#bytes += message.bytes.length
  }

  /** Pauses the client if too much waits. Call it when a chunk was received completely. */
  pauseIfFull(): void {
    if (this.#bytes > maxQueuedBytes) this.#socket.pause()
  }

  /** Removes the oldest message, and resumes the client if it was paused. */
  shift(): void {
    this.#bytes -= this.#messages.shift()?.bytes.length ?? 0
    if (this.#bytes <= maxQueuedBytes && this.#socket.isPaused()) this.#socket.resume()
  }

  clear(): void {
    this.#messages = []
  }
}
