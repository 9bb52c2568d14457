import type { Socket } from 'node:net'
import { startupCode } from './protocol.ts'

/** The largest startup packet that PostgreSQL accepts, in bytes (MAX_STARTUP_PACKET_LENGTH). */
const maxStartupBytes = 10_000

/** The first packet of a client, and the bytes after it. */
export interface StartupPacket {
  readonly code: number
  /** The bytes after the code. */
  readonly body: Buffer
  /** Bytes behind the packet. */
  readonly rest: Buffer
}

/**
 * Reads the startup packet of a connection, and refuses encryption requests before it.
 *
 * @param onPacket called with `undefined` for an invalid packet
 */
export function readStartup(socket: Socket, onPacket: (packet: StartupPacket | undefined) => void): void {
  let held: Buffer = Buffer.alloc(0)
  const finish = (packet: StartupPacket | undefined): void => {
    socket.off('data', onData)
    onPacket(packet)
  }
  const onData = (chunk: Buffer): void => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    while (held.length >= 8) {
      const length = held.readUInt32BE(0)
      if (length < 8 || length > maxStartupBytes) return finish(undefined)
      if (held.length < length) return
      const packet = { code: held.readInt32BE(4), body: held.subarray(8, length), rest: held.subarray(length) }
      if (packet.code !== startupCode.ssl && packet.code !== startupCode.gssEncryption) return finish(packet)
      socket.write('N')
      held = packet.rest
    }
  }
  socket.on('data', onData)
}
