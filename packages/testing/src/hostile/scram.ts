import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(pbkdf2)
const keyBytes = 32

/** The only supported SASL method; channel binding needs TLS. */
export const scramMethod = 'SCRAM-SHA-256'

/** The client side of a SCRAM-SHA-256 login (RFC 5802, RFC 7677). */
export class Scram {
  readonly #nonce: string
  #serverSignature: Buffer = Buffer.alloc(0)

  constructor(nonce: string = randomBytes(18).toString('base64')) {
    this.#nonce = nonce
  }

  /** PostgreSQL reads the user from the startup packet. */
  get first(): string {
    return `n,,${this.#firstBare}`
  }

  get #firstBare(): string {
    return `n=,r=${this.#nonce}`
  }

  /** @throws Error for an invalid challenge */
  async answer(password: string, challenge: string): Promise<string> {
    const { r: nonce, s: salt, i: iterations } = attributesOf(challenge)
    if (nonce?.startsWith(this.#nonce) !== true || salt === undefined || !(Number(iterations) > 0)) {
      throw new Error('the server’s challenge of SCRAM-SHA-256 makes no sense')
    }
    const salted = await derive(
      password.normalize('NFKC'),
      Buffer.from(salt, 'base64'),
      Number(iterations),
      keyBytes,
      'sha256',
    )
    const clientKey = hmac(salted, 'Client Key')
    const withoutProof = `c=biws,r=${nonce}`
    const messages = `${this.#firstBare},${challenge},${withoutProof}`
    const signature = hmac(createHash('sha256').update(clientKey).digest(), messages)
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), messages)
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)))
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** @throws Error if the server does not prove that it knows the password */
  check(final: string): void {
    const signature = Buffer.from(attributesOf(final)['v'] ?? '', 'base64')
    const isRight =
      signature.length === this.#serverSignature.length && timingSafeEqual(signature, this.#serverSignature)
    if (!isRight) throw new Error('the server does not know the password that it asked for')
  }
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
