import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { PostgresServer } from '@poolsafe/testing/servers'

/** A real server, with words of a pooler in what it says at login. */
export interface TalkingProxy {
  readonly url: string
  stop(): Promise<void>
}

/** BackendKeyData: by then the login has succeeded, and the server's own ParameterStatus messages are sent. */
const keyData = 'K'.charCodeAt(0)

/**
 * Puts further ParameterStatus messages into the login, as PgBouncer does from 1.26 on. Everything else goes through as
 * it is.
 */
export async function startTalkingProxy(
  server: Pick<PostgresServer, 'host' | 'port' | 'url'>,
  status: Readonly<Record<string, string>>,
): Promise<TalkingProxy> {
  const sockets = new Set<Socket>()
  const listening = createServer((client) => {
    const upstream = connect(server.port, server.host)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(upstream)
    upstream.on(
      'data',
      intoLogin(Object.entries(status).map(toMessage), (bytes) => void client.write(bytes)),
    )
    upstream.on('close', () => client.end())
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const url = new URL(server.url)
  url.host = `127.0.0.1:${(listening.address() as AddressInfo).port}`
  return {
    url: url.href,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      listening.close()
      await once(listening, 'close')
    },
  }
}

/** Each message is a letter, its length with the length itself, and its content. */
function toMessage([name, value]: [string, string]): Buffer {
  const content = Buffer.from(`${name}\0${value}\0`)
  const head = Buffer.alloc(5)
  head.write('S')
  head.writeInt32BE(content.length + 4, 1)
  return Buffer.concat([head, content])
}

function intoLogin(messages: readonly Buffer[], write: (bytes: Buffer) => void): (bytes: Buffer) => void {
  let pending = Buffer.alloc(0)
  let isOver = false
  return (bytes) => {
    if (isOver) return write(bytes)
    pending = Buffer.concat([pending, bytes])
    while (!isOver && pending.length >= 5 && pending.length > pending.readInt32BE(1)) {
      isOver = pending[0] === keyData
      if (isOver) write(Buffer.concat(messages))
      const length = 1 + pending.readInt32BE(1)
      write(pending.subarray(0, length))
      pending = pending.subarray(length)
    }
    if (isOver) write(pending)
  }
}
