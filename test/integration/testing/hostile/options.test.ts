import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { InvalidOptionError, poolers } from '@poolsafe/core'
import { startHostilePooler, type HostilePoolerOptions } from '@poolsafe/testing/hostile'
import { describe, expect, test } from 'vitest'

describe('options', () => {
  const target = { host: '127.0.0.1', port: 5432, user: 'postgres', database: 'postgres' }

  test.each<[string, unknown]>([
    ['target', {}],
    ['target', { target: 'mysql://localhost/db' }],
    ['target', { target: 'no url' }],
    ['target', { target: 'postgresql://a%zz@b/c' }],
    ["user of target must be in its URL: 'postgresql://user@host/database'", { target: 'postgresql://b/c' }],
    ['target', { target: { ...target, port: '5432' } }],
    ["'disable', 'allow' or 'prefer'", { target: 'postgresql://a@b/c?sslmode=require' }],
    ['one of target, pooler', { target, session: 3 }],
    ['sessions must be a whole number of at least 2', { target, sessions: 1 }],
    ['maxSessions must be a whole number of at least 8', { target, sessions: 8, maxSessions: 5 }],
    ['seed must be a whole number', { target, seed: 0.5 }],
    ["afterTransaction must be 'clean' or 'poison'", { target, afterTransaction: 'dirty' }],
    ['inspect must be true or false', { target, inspect: 'yes' }],
    ['a pooler in transaction mode', { target, pooler: poolers.direct() }],
    ['a profile, such as', { target, pooler: 'pgbouncer' }],
    ['maxMessageBytes', { target, maxMessageBytes: 0 }],
    ['maxConnections', { target, maxConnections: -1 }],
    ['onReport must be a function', { target, onReport: true }],
    ['passwords', { target, passwords: { a: 1 } }],
    ['ignoreStartupParameters', { target, ignoreStartupParameters: 'options' }],
  ])('%s: %#', async (message, options) => {
    const error: unknown = await startHostilePooler(options as HostilePoolerOptions).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(String(error)).toContain(message)
  })

  test('a target that does not listen is refused at once, with what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    await expect(startHostilePooler({ target: { ...target, port } })).rejects.toThrow(
      new RegExp(`no PostgreSQL at 127\\.0\\.0\\.1, port ${port} \\(ECONNREFUSED\\); start PostgreSQL first`),
    )
  })
})
