import type { AskPassword, Identity } from './login.ts'
import { openSession } from './open-session.ts'
import type { ResolvedOptions } from './options.ts'
import { errorResponse } from './protocol.ts'

/** The pooler refuses a client; `response` is its message. */
export class ClientRefused extends Error {
  override readonly name: string = 'ClientRefused'
  readonly response: Buffer

  constructor(code: string, text: string) {
    super(text)
    this.response = errorResponse('FATAL', code, text)
  }
}

/** The passwords for PostgreSQL, from the options or learned from clients. */
export class Passwords {
  readonly #options: ResolvedOptions
  /**
   * Users in the options are accepted. For others the pooler learns whether PostgreSQL requires a password, and which
   * one.
   */
  readonly #learnt = new Map<string, string | undefined>()

  constructor(options: ResolvedOptions) {
    this.#options = options
  }

  /** @throws Error if PostgreSQL requires a password that is unknown */
  async of(user: string): Promise<string> {
    const password = this.#options.passwords.get(user) ?? this.#learnt.get(user)
    if (password === undefined)
      throw new Error(`PostgreSQL wants a password for the user, which is neither in target nor in passwords`)
    return password
  }

  /**
   * Accepts a client. It is asked for a password only if its user's password is unknown and PostgreSQL requires one.
   *
   * @throws ClientRefused for a wrong password
   * @throws LoginRefused if PostgreSQL refuses the login
   */
  async admit(identity: Identity, ask: AskPassword): Promise<void> {
    const { user } = identity
    if (this.#options.passwords.has(user)) return
    if (!this.#learnt.has(user)) return this.#learn(identity, ask)
    const known = this.#learnt.get(user)
    if (known !== undefined && (await ask()) !== known) {
      throw new ClientRefused('28P01', `password authentication failed for user "${user}"`)
    }
  }

  async #learn(identity: Identity, ask: AskPassword): Promise<void> {
    let given: string | undefined
    const session = await openSession(this.#options.address, identity, async () => (given ??= await ask()))
    this.#learnt.set(identity.user, given)
    await session.end()
  }
}
