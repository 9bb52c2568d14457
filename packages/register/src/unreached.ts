import { Socket } from 'node:net'
import { isOwnFrame, takeStack } from '@poolsafe/core/internal'

/** The first message of a client of PostgreSQL: the version of its protocol (3.0, 3.2), or its request for TLS. */
const requests = new Set([196_608, 196_610, 80_877_103])

type Method = (...args: unknown[]) => unknown

/**
 * Calls `found` with each place that opens a connection to PostgreSQL outside of the copies of node-postgres that are
 * guarded: another driver, or a copy that a bundler or a test runner has put where Node does not load it.
 *
 * @param isReached returns true for a stack that leads through a guarded copy
 */
export function watchUnreached(isReached: (stack: string) => boolean, found: (place: string) => void): void {
  const told = new Set<string>()
  const { connect: original } = Socket.prototype as unknown as { readonly connect: Method }
  function connect(this: Socket, ...args: unknown[]): unknown {
    const result = Reflect.apply(original, this, args)
    // Afterwards, because Node's own connect() puts the method back.
    watchFirstWrite(this, ask)
    return result
  }
  Object.defineProperty(connect, 'length', { value: original.length })
  Object.defineProperty(Socket.prototype, 'connect', { value: connect, configurable: true, writable: true })

  function ask(stack: string): void {
    const place = isReached(stack) ? undefined : placeOf(stack)
    if (place === undefined || told.has(place)) return
    told.add(place)
    found(place)
  }
}

/** Looks at the first bytes that the socket sends, and then takes itself away. */
function watchFirstWrite(socket: Socket, ask: (stack: string) => void): void {
  const { write: original } = socket as unknown as { readonly write: Method }
  const wasOwn = Object.hasOwn(socket, 'write')
  function write(this: Socket, ...args: unknown[]): unknown {
    if (this.write === write) {
      if (wasOwn) Object.assign(this, { write: original })
      else Reflect.deleteProperty(this, 'write')
    }
    if (speaksPostgres(args[0])) ask(takeStack(write))
    return Reflect.apply(original, this, args)
  }
  Object.defineProperty(socket, 'write', { value: write, configurable: true, writable: true })
}

function speaksPostgres(chunk: unknown): boolean {
  if (!(chunk instanceof Uint8Array) || chunk.byteLength < 8) return false
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  return view.getInt32(0) <= chunk.byteLength && requests.has(view.getInt32(4))
}

/** Returns the file and line of the first frame that belongs neither to Node nor to poolsafe. */
function placeOf(stack: string): string | undefined {
  const frames = stack.split('\n').filter((frame) => !frame.includes('node:') && !isOwnFrame(frame))
  return frames.map((frame) => /((?:file:\/\/)?[^\s()]+:\d+):\d+\)?$/.exec(frame)?.[1]).find(Boolean)
}
