import { backend, frontend, headerBytes, message, readText } from './protocol.ts'

/** A named statement that a client has prepared. */
export interface Prepared {
  /** The pooler's name for it, the same on every server session. */
  readonly serverName: string
  /** The part of Parse after the name: the SQL and the parameter types. */
  readonly body: Buffer
}

/** Prefix of the pooler's names. */
export const ownPrefix = 'POOLSAFE_'

/** Equal statements of all clients share one name on the server. */
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

/** Returns the name of a Parse and the rest. */
export function readParse(bytes: Buffer): { readonly name: string; readonly sql: string; readonly body: Buffer } {
  const { text: name, end } = readText(bytes, headerBytes)
  return { name, sql: readText(bytes, end).text, body: bytes.subarray(end) }
}

export function parse({ serverName, body }: Prepared): Buffer {
  return message(frontend.parse, serverName, body)
}

/** Returns the portal and the statement of a Bind, and the rest. */
export function readBind(bytes: Buffer): { readonly portal: string; readonly name: string; readonly body: Buffer } {
  const { text: portal, end } = readText(bytes, headerBytes)
  const { text: name, end: bodyAt } = readText(bytes, end)
  return { portal, name, body: bytes.subarray(bodyAt) }
}

/** Returns a Bind of the same portal to the server's name of the statement. */
export function bindTo({ serverName }: Prepared, bytes: Buffer): Buffer {
  const { portal, body } = readBind(bytes)
  return message(frontend.bind, portal, serverName, body)
}

const ofStatement = 0x53

/** Returns the statement of a Describe or a Close; `undefined` for a portal. */
export function readTarget(bytes: Buffer): string | undefined {
  return bytes[headerBytes] === ofStatement ? readText(bytes, headerBytes + 1).text : undefined
}

export function describe({ serverName }: Prepared): Buffer {
  return message(frontend.describe, Buffer.of(ofStatement), serverName)
}

export const parseComplete: Buffer = message(backend.parseComplete)
export const closeComplete: Buffer = message(backend.closeComplete)
