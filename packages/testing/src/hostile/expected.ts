import { backend } from './protocol.ts'

/** The answer to a message of the client. */
export type Awaited = 'parse' | 'bind' | 'close' | 'describe' | 'execute' | 'ready'

/** An outstanding answer. */
export interface Expected {
  readonly awaits: Awaited
  /** The pooler's own answer, without the server. */
  readonly own?: Buffer
  /** The pooler sent the message, so the answer is not forwarded. */
  readonly isOurs?: boolean
  /** The statement that is prepared on the session if it succeeds. */
  readonly prepares?: string
}

/** The messages that complete an answer; COPY data and rows precede them. */
const completes: Readonly<Record<Awaited, ReadonlySet<number>>> = {
  parse: new Set([backend.parseComplete]),
  bind: new Set([backend.bindComplete]),
  close: new Set([backend.closeComplete]),
  describe: new Set([backend.rowDescription, backend.noData]),
  execute: new Set([backend.commandComplete, backend.emptyQuery, backend.portalSuspended]),
  ready: new Set([backend.ready]),
}

/** The outstanding answers of a client, in order. */
export class ExpectedAnswers {
  #queue: Expected[] = []

  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  push(expected: Expected): void {
    this.#queue.push(expected)
  }

  /** @returns the answer that a message of the server completes */
  complete(type: number): Expected | undefined {
    const [head] = this.#queue
    return head !== undefined && completes[head.awaits].has(type) ? this.#queue.shift() : undefined
  }

  /** @returns the pooler's own answers that are due */
  takeOwn(): Buffer[] {
    const due: Buffer[] = []
    for (let own = this.#queue[0]?.own; own !== undefined; own = this.#queue[0]?.own) {
      due.push(own)
      this.#queue.shift()
    }
    return due
  }

  /** After an error the server skips everything up to the next Sync. @returns the answers that will not come */
  skip(): Expected[] {
    const at = this.#queue.findIndex(({ awaits }) => awaits === 'ready')
    return this.#queue.splice(0, at === -1 ? this.#queue.length : at)
  }

  /** During a COPY the server ignores a Sync that was sent ahead. */
  forgetSync(): void {
    const at = this.#queue.findIndex(({ awaits }) => awaits === 'ready')
    if (at !== -1) this.#queue.splice(at, 1)
  }

  clear(): void {
    this.#queue = []
  }
}
