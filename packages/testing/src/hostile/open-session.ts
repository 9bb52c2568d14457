import type { Socket } from 'node:net'
import { Framer } from './framer.ts'
import { Login, type AskPassword, type Identity } from './login.ts'
import { backend, fieldsOf, headerBytes, startup, startupCode } from './protocol.ts'
import {
  connectTo,
  readParameter,
  serverFraming,
  ServerSession,
  type Address,
  type CancelKey,
} from './server-session.ts'

/** The server refused a login; `response` is its unchanged message. */
export class LoginRefused extends Error {
  override readonly name: string = 'LoginRefused'
  readonly response: Buffer

  constructor(response: Buffer) {
    super(`PostgreSQL refused the login of the hostile pooler: ${fieldsOf(response).get('M') ?? 'it does not say why'}`)
    this.response = response
  }
}

/**
 * Opens a session: connects and logs in, with SCRAM-SHA-256, md5, a password in clear text or none.
 *
 * @throws LoginRefused
 * @throws Error if nothing listens, or for an unsupported authentication method
 */
export async function openSession(
  address: Address,
  identity: Identity,
  askPassword: AskPassword,
): Promise<ServerSession> {
  const socket = await connectTo(address)
  try {
    return await logIn(socket, identity, askPassword)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

async function logIn(socket: Socket, identity: Identity, askPassword: AskPassword): Promise<ServerSession> {
  const login = new Login(identity, askPassword)
  const parameters = new Map<string, string>()
  let key: CancelKey = { pid: 0, secret: Buffer.alloc(4) }
  socket.write(startup(startupCode.protocol3, 'user', identity.user, 'database', identity.database, Buffer.alloc(1)))
  for await (const { type, bytes } of messagesOf(socket)) {
    if (type === backend.error) throw new LoginRefused(bytes)
    if (type === backend.authentication) {
      const answer = await login.answer(bytes)
      if (answer !== undefined) socket.write(answer)
    } else if (type === backend.parameterStatus) {
      const [name = '', value = ''] = readParameter(bytes)
      parameters.set(name, value)
    } else if (type === backend.keyData)
      key = { pid: bytes.readInt32BE(headerBytes), secret: bytes.subarray(headerBytes + 4) }
    else if (type === backend.ready) return new ServerSession(socket, parameters, key)
  }
  throw new Error('PostgreSQL ended the connection during the login of the hostile pooler')
}

/**
 * Reads the messages up to ReadyForQuery, after which the server sends nothing by itself. The socket keeps its state.
 */
async function* messagesOf(socket: Socket): AsyncGenerator<{ readonly type: number; readonly bytes: Buffer }> {
  const arrived: { type: number; bytes: Buffer }[] = []
  let wake: () => void = () => undefined
  let hasEnded = false
  const framer = new Framer(
    { ...serverFraming, streamed: new Set() },
    (type, bytes) => void arrived.push({ type, bytes }),
  )
  const onData = (chunk: Buffer): void => {
    framer.push(chunk)
    wake()
  }
  const onClose = (): void => {
    hasEnded = true
    wake()
  }
  socket.on('data', onData).once('close', onClose)
  try {
    for (;;) {
      const next = arrived.shift()
      if (next !== undefined) yield next
      else if (hasEnded) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    socket.off('data', onData).off('close', onClose)
  }
}
