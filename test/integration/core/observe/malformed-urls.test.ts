import { inspect } from 'node:util'
import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { expect, it } from 'vitest'

/** Connection strings that are written wrongly, as people paste them. Nothing listens on port 1. */
const malformed = [
  'hunter2',
  'postgres:hunter2',
  'postgres:/hunter2',
  'postgres:app:hunter2@127.0.0.1:1/shop',
  'postgres:/app:hunter2@127.0.0.1:1/shop',
  'postgres:///app:hunter2@127.0.0.1:1/shop',
  'postgres//app:hunter2@127.0.0.1:1/shop',
  'postgres://app:hunter2127.0.0.1:1/shop',
  'postgres://app:hunter2%40127.0.0.1:1/shop',
  'postgres://app:a#hunter2@127.0.0.1:1/shop',
  'postgres://app:a/hunter2@127.0.0.1:1/shop',
  'postgres://app:a?hunter2@127.0.0.1:1/shop',
  'postgres://app:a[hunter2]@127.0.0.1:1/shop',
  'postgres://app:%hunter2@127.0.0.1:1/shop',
  'postgres://app:a\\hunter2@127.0.0.1:1/shop',
  'postgres://app:a b/hunter2@127.0.0.1:1/shop',
  'postgres://app:\nhunter2@127.0.0.1:1/shop',
  'postgres://app:%zz/hunter2@127.0.0.1:1/shop',
  'postgres://app:hunter2',
  'postgres://app:hunter2@',
  'postgres://app:hunter2@127.0.0.1:one/shop',
  'postgres://app:hunter2@127.0.0.1:99999/shop',
  'postgres://app:hunter2@[::1/shop',
  'postgres://app:hunter2@127.0.0.1:1,127.0.0.1:1/shop',
  'postgres://127.0.0.1:1/shop&password=hunter2',
  'postgres://127.0.0.1:1/hunter2@host/shop',
  'postgres://app:a@127.0.0.1:1/shop?host=hunter2@host',
  '"postgres://app:hunter2@127.0.0.1:1/shop"',
  'DATABASE_URL=postgres://app:hunter2@127.0.0.1:1/shop',
  'app:hunter2@127.0.0.1:1/shop',
  '//app:hunter2@127.0.0.1:1/shop',
  '/app:hunter2@127.0.0.1:1/shop',
  'socket:/tmp?db=shop&password=hunter2',
  'Server=127.0.0.1;Port=1;Password=hunter2',
  '{"password":"hunter2"}',
]

it.each(malformed)(
  'hides the password of %j in names, events, logs, errors, their causes and fields',
  async (connectionString) => {
    const seen: string[] = []
    const see = (...parts: unknown[]): void =>
      void seen.push(...parts.map((part) => inspect(part, { depth: 10, showHidden: true })))
    const guard = createGuard({ logger: { warn: see, info: see } })
    for (const name of ['connectFailure', 'timeout', 'query', 'fault', 'acquire'] as const) guard.on(name, see)

    const pool = guardPool(new pg.Pool({ connectionString }), guard, { acquireTimeoutMillis: 50 })
    // pg throws some of them from the call itself.
    await expect((async () => pool.query('SELECT 1'))().catch(rethrow(see))).rejects.toThrow()
    see(guard.stats(), await guard.health())

    expect(seen.join('\n')).not.toMatch(/unter2/)
    expect(seen.join('\n')).toMatch(/connectFailures|cannotConnect/)
  },
)

function rethrow(see: (error: unknown) => void): (error: unknown) => never {
  return (error) => {
    see(error)
    throw error
  }
}

it('keeps the code of an error whose address it hides', async () => {
  const guard = createGuard({ logger: { warn: () => {}, info: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: '/app:hunter2@127.0.0.1/shop' }), guard, {
    acquireTimeoutMillis: 50,
  })
  const failure: unknown = await pool.query('SELECT 1').catch((error: unknown) => error)
  expect(failure).toMatchObject({ name: 'AcquireTimeoutError', cause: { code: 'ENOENT', syscall: 'connect' } })
})
