import { backend, frontend, headerBytes, message, readText } from './protocol.ts'

/** A statement that a client has prepared under a name of its own. */
export interface Prepared {
  /** Its name on every server session: the pooler's own. */
  readonly serverName: string
  /** What follows the name in Parse: the text and the types of its parameters. */
  readonly body: Buffer
}

/** How the names of the pooler's own begin. */
export const ownPrefix = 'POOLSAFE_'

/** Statements that are the same for all clients have the same name on the server. */
export class ServerNames {
  readonly #names = new Map<string, string>()

  nameFor(body: Buffer): string {
    const key = body.toString('latin1')
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const name = `${ownPrefix}${this.#names.size + 1}`
    this.#names.set(key, name)
    return name
  }
}

/** The name that a Parse gives, and what follows it. */
export function readParse(bytes: Buffer): { readonly name: string; readonly sql: string; readonly body: Buffer } {
  const { text: name, end } = readText(bytes, headerBytes)
  return { name, sql: readText(bytes, end).text, body: bytes.subarray(end) }
}

export function parse({ serverName, body }: Prepared): Buffer {
  return message(frontend.parse, serverName, body)
}

/** The portal and the statement of a Bind, and what follows them. */
export function readBind(bytes: Buffer): { readonly portal: string; readonly name: string; readonly body: Buffer } {
  const { text: portal, end } = readText(bytes, headerBytes)
  const { text: name, end: bodyAt } = readText(bytes, end)
  return { portal, name, body: bytes.subarray(bodyAt) }
}

/** A Bind of the same portal to the statement as the server knows it. */
export function bindTo({ serverName }: Prepared, bytes: Buffer): Buffer {
  const { portal, body } = readBind(bytes)
  return message(frontend.bind, portal, serverName, body)
}

const ofStatement = 0x53

/** The statement that a Describe or a Close is about; `undefined` where it is about a portal. */
export function readTarget(bytes: Buffer): string | undefined {
  return bytes[headerBytes] === ofStatement ? readText(bytes, headerBytes + 1).text : undefined
}

export function describe({ serverName }: Prepared): Buffer {
  return message(frontend.describe, Buffer.of(ofStatement), serverName)
}

export const parseComplete: Buffer = message(backend.parseComplete)
export const closeComplete: Buffer = message(backend.closeComplete)
