import { backend, fieldsOf, headerBytes } from './protocol.ts'

/** The server's answer to a query of the pooler. */
export interface QueryAnswer {
  /** The rows of all statements, each value as text. */
  readonly rows: readonly (readonly (string | null)[])[]
  /** The SQLSTATE of an error. */
  readonly error: string | undefined
}

const connectionLost = '08006'

/** Collects the answers to one query of the simple protocol. */
export class Answers {
  readonly done: Promise<QueryAnswer>
  readonly #rows: (string | null)[][] = []
  #row: Buffer[] = []
  #error: string | undefined
  #resolve: (answer: QueryAnswer) => void = () => undefined

  constructor() {
    this.done = new Promise((resolve) => (this.#resolve = resolve))
  }

  /** @returns true after the last message */
  receive(type: number, bytes: Buffer): boolean {
    if (type === backend.dataRow) this.#takeRow(bytes)
    else if (type === backend.error) this.#error = fieldsOf(bytes).get('C')
    else if (type === backend.ready) this.#finish()
    return type === backend.ready
  }

  /** Call it when the connection has ended. */
  fail(): void {
    this.#error ??= connectionLost
    this.#finish()
  }

  /** A row may arrive in parts. */
  #takeRow(part: Buffer): void {
    this.#row.push(part)
    const bytes = this.#row.length === 1 ? part : Buffer.concat(this.#row)
    if (bytes.length < headerBytes || bytes.length < 1 + bytes.readUInt32BE(1)) return
    this.#row = []
    this.#rows.push(valuesOf(bytes))
  }

  #finish(): void {
    this.#resolve({ rows: this.#rows, error: this.#error })
  }
}

function valuesOf(bytes: Buffer): (string | null)[] {
  const values: (string | null)[] = []
  let at = headerBytes + 2
  for (let left = bytes.readInt16BE(headerBytes); left > 0; left--) {
    const length = bytes.readInt32BE(at)
    at += 4
    values.push(length === -1 ? null : bytes.toString('utf8', at, at + length))
    at += Math.max(length, 0)
  }
  return values
}
