import { backend } from './protocol.ts'

/** What a message of the client is answered with. */
export type Awaited = 'parse' | 'bind' | 'close' | 'describe' | 'execute' | 'ready'

/** An answer that is still to come. */
export interface Expected {
  readonly awaits: Awaited
  /** The answer that the pooler gives itself, the server having nothing to do with it. */
  readonly own?: Buffer
  /** The pooler asked, not the client: the answer is not passed on. */
  readonly isOurs?: boolean
  /** The statement that is prepared on the session if all goes well. */
  readonly prepares?: string
}

/** Which messages complete what; COPY and rows come before these. */
const completes: Readonly<Record<Awaited, ReadonlySet<number>>> = {
  parse: new Set([backend.parseComplete]),
  bind: new Set([backend.bindComplete]),
  close: new Set([backend.closeComplete]),
  describe: new Set([backend.rowDescription, backend.noData]),
  execute: new Set([backend.commandComplete, backend.emptyQuery, backend.portalSuspended]),
  ready: new Set([backend.ready]),
}

/** The answers that a client waits for, in the order in which they will come. */
export class ExpectedAnswers {
  #queue: Expected[] = []

  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  push(expected: Expected): void {
    this.#queue.push(expected)
  }

  /** @returns what a message of the server completes */
  complete(type: number): Expected | undefined {
    const [head] = this.#queue
    return head !== undefined && completes[head.awaits].has(type) ? this.#queue.shift() : undefined
  }

  /** @returns the pooler's own answers that are due now */
  takeOwn(): Buffer[] {
    const due: Buffer[] = []
    for (let own = this.#queue[0]?.own; own !== undefined; own = this.#queue[0]?.own) {
      due.push(own)
      this.#queue.shift()
    }
    return due
  }

  /** After an error the server skips everything up to the next Sync. @returns what is not answered any more */
  skip(): Expected[] {
    const at = this.#queue.findIndex(({ awaits }) => awaits === 'ready')
    return this.#queue.splice(0, at === -1 ? this.#queue.length : at)
  }

  /** In the middle of a COPY the server ignores a Sync that it has been sent already. */
  forgetSync(): void {
    const at = this.#queue.findIndex(({ awaits }) => awaits === 'ready')
    if (at !== -1) this.#queue.splice(at, 1)
  }

  clear(): void {
    this.#queue = []
  }
}
