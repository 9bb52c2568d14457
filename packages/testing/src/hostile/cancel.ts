import { int32, startup, startupCode } from './protocol.ts'
import { connectTo, type Address, type CancelKey } from './server-session.ts'

/** A client's request to cancel: which client it means, and what only that one knows. */
export function readCancelRequest(body: Buffer): CancelKey | undefined {
  return body.length === 8 ? { pid: body.readInt32BE(0), secret: body.subarray(4) } : undefined
}

/**
 * Asks the server to cancel what a session does. Resolves when the server has done so, never with an error: nobody
 * waits for the answer to a cancel request.
 *
 * @param isStill whether the session still does what is to be cancelled, asked as late as possible
 */
export async function cancelOnServer(
  address: Address,
  { pid, secret }: CancelKey,
  isStill: () => boolean,
): Promise<void> {
  const socket = await connectTo(address).catch(() => undefined)
  if (socket === undefined) return
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  // The server answers by closing the connection, once the signal has been sent.
  if (isStill()) socket.end(startup(startupCode.cancel, int32(pid), secret)).resume()
  else socket.destroy()
  await closed
}
