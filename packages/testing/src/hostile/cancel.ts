import { int32, startup, startupCode } from './protocol.ts'
import { connectTo, type Address, type CancelKey } from './server-session.ts'

/** The contents of a CancelRequest: the process id and the secret key. */
export function readCancelRequest(body: Buffer): CancelKey | undefined {
  return body.length === 8 ? { pid: body.readInt32BE(0), secret: body.subarray(4) } : undefined
}

/**
 * Asks the server to cancel the current statement of a session. Resolves when the server has done so and never rejects,
 * because a cancel request has no answer.
 *
 * @param isStill returns true if the session still runs the statement to cancel; called as late as possible
 */
export async function cancelOnServer(
  address: Address,
  { pid, secret }: CancelKey,
  isStill: () => boolean,
): Promise<void> {
  const socket = await connectTo(address).catch(() => undefined)
  if (socket === undefined) return
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  // The server sends the signal and then closes the connection.
  if (isStill()) socket.end(startup(startupCode.cancel, int32(pid), secret)).resume()
  else socket.destroy()
  await closed
}
