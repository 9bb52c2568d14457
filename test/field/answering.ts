import { createServer, type AddressInfo, type Socket } from 'node:net'

/** The message that a server sends instead of a login. */
export interface Answer {
  readonly code: string
  readonly text: string
}

/**
 * Listens as PostgreSQL does, and answers every login with one error, as the services do that stand before a database:
 * their texts come over the wire, through the driver.
 */
export async function answering<Result>(answer: Answer, work: (url: string) => Promise<Result>): Promise<Result> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => socket.end(errorResponse(answer)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await work(`postgres://app:secret@127.0.0.1:${(server.address() as AddressInfo).port}/shop`)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

/** ErrorResponse of the protocol, version 3. */
function errorResponse({ code, text }: Answer): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
