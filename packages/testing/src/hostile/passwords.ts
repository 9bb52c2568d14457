import type { AskPassword, Identity } from './login.ts'
import { openSession } from './open-session.ts'
import type { ResolvedOptions } from './options.ts'
import { errorResponse } from './protocol.ts'

/** The pooler refuses a client; `response` is what it says. */
export class ClientRefused extends Error {
  override readonly name: string = 'ClientRefused'
  readonly response: Buffer

  constructor(code: string, text: string) {
    super(text)
    this.response = errorResponse('FATAL', code, text)
  }
}

/** The passwords that PostgreSQL asks for: given as an option, or learnt from a client. */
export class Passwords {
  readonly #options: ResolvedOptions
  /**
   * Users of the options come in as they are; of the others it is learnt whether PostgreSQL wants a password, and
   * which.
   */
  readonly #learnt = new Map<string, string | undefined>()

  constructor(options: ResolvedOptions) {
    this.#options = options
  }

  /** @throws Error where PostgreSQL wants one that nobody has given */
  async of(user: string): Promise<string> {
    const password = this.#options.passwords.get(user) ?? this.#learnt.get(user)
    if (password === undefined)
      throw new Error(`PostgreSQL wants a password for the user, which is neither in target nor in passwords`)
    return password
  }

  /**
   * Lets a client in. Only one of whose user no password is known is asked for it, and only where PostgreSQL asks.
   *
   * @throws ClientRefused for a wrong password
   * @throws LoginRefused where PostgreSQL refuses
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
