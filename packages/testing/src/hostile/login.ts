import { createHash } from 'node:crypto'
import { backend, frontend, headerBytes, int32, message, readTexts } from './protocol.ts'
import { Scram, scramMethod } from './scram.ts'

/** The user, password and database of a login to PostgreSQL. */
export interface Identity {
  readonly user: string
  readonly database: string
}

/** Returns the password when the server requests one. */
export type AskPassword = () => Promise<string>

const request = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const

/** Answers the server's requests for authentication. */
export class Login {
  readonly #user: string
  readonly #askPassword: AskPassword
  readonly #scram = new Scram()

  constructor({ user }: Identity, askPassword: AskPassword) {
    this.#user = user
    this.#askPassword = askPassword
  }

  /**
   * @param bytes a message Authentication…
   * @returns the message to send; `undefined` for none
   * @throws Error for an unsupported method
   */
  async answer(bytes: Buffer): Promise<Buffer | undefined> {
    const body = bytes.subarray(headerBytes + 4)
    const kind = bytes.readInt32BE(headerBytes)
    switch (kind) {
      case request.ok:
        return undefined
      case request.cleartext:
        return message(frontend.password, await this.#askPassword())
      case request.md5:
        return message(frontend.password, md5Answer(this.#user, await this.#askPassword(), body))
      case request.sasl:
        return this.#startScram(readTexts(body, 0))
      case request.saslContinue:
        return message(
          frontend.password,
          Buffer.from(await this.#scram.answer(await this.#askPassword(), body.toString())),
        )
      case request.saslFinal:
        this.#scram.check(body.toString())
        return undefined
      default:
        throw new Error(
          `the server asks for an authentication that the hostile pooler does not speak (${kind}); it speaks SCRAM-SHA-256, md5, password and trust`,
        )
    }
  }

  #startScram(methods: readonly string[]): Buffer {
    if (!methods.includes(scramMethod))
      throw new Error(`the server offers ${methods.join(', ')}; the hostile pooler speaks ${scramMethod}`)
    const first = Buffer.from(this.#scram.first)
    return message(frontend.password, scramMethod, int32(first.length), first)
  }
}

function md5Answer(user: string, password: string, salt: Buffer): string {
  const inner = createHash('md5').update(`${password}${user}`).digest('hex')
  return `md5${createHash('md5').update(inner).update(salt).digest('hex')}`
}

/** The request for a clear-text password that the pooler sends to its own clients. */
export const cleartextRequest: Buffer = message(backend.authentication, int32(request.cleartext))

/** The server's message that the login succeeded. */
export const authenticationOk: Buffer = message(backend.authentication, int32(request.ok))
