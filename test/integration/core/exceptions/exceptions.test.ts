import {
  allow,
  createGuard,
  UnsafeStatementError,
  type AllowedEvent,
  type Guard,
  type GuardOptions,
} from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { subjects, type Opened, type Subject } from './subjects.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

const set = 'SET work_mem = 65536'
const listen = 'LISTEN orders'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

interface Running extends Opened {
  readonly guard: Guard
  readonly allowed: AllowedEvent[]
}

async function use(
  subject: Subject,
  work: (running: Running) => Promise<void>,
  options: GuardOptions = {},
): Promise<void> {
  const guard = createGuard({ mode: 'strict', ...options })
  const allowed: AllowedEvent[] = []
  guard.on('allowed', (event) => void allowed.push(event))
  const opened = subject.open(server.url, guard)
  try {
    await work({ ...opened, guard, allowed })
  } finally {
    await opened.close()
  }
}

async function outcomeOf(work: () => PromiseLike<unknown>): Promise<string> {
  try {
    await work()
    return 'sent'
  } catch (error) {
    return error instanceof UnsafeStatementError ? error.rule : `another error: ${String(error)}`
  }
}

describe.each(subjects)('$name', (subject) => {
  test('sends what a scope allows, and refuses everything else', async () => {
    await use(subject, async ({ guard, send, allowed }) => {
      expect(await outcomeOf(() => guard.allow('session/set', 'a test', () => send(set)))).toBe('sent')
      expect(await outcomeOf(() => allow('session/set', 'a test', () => send(set)))).toBe('sent')
      expect(await outcomeOf(() => guard.allow('session/set', 'a test', () => send(listen)))).toBe('session/listen')
      expect(await outcomeOf(() => send(set))).toBe('session/set')
      expect(allowed.map(({ statement, allowedBy }) => [statement, allowedBy.by])).toEqual([
        ['SET work_mem = ?', 'scope'],
        ['SET work_mem = ?', 'scope'],
      ])
    })
  })

  test('sends a statement with a comment that names its rule', async () => {
    await use(subject, async ({ send, allowed }) => {
      expect(await outcomeOf(() => send(`/* poolsafe-allow session/set: a test */ ${set}`))).toBe('sent')
      expect(await outcomeOf(() => send(`SET application_name = '/* poolsafe-allow session/set: no comment */'`))).toBe(
        'session/set',
      )
      expect(allowed.map(({ allowedBy }) => allowedBy.reason)).toEqual(['a test'])
    })
  })

  test('sends the statement of an option, as a message shows it', async () => {
    let message = ''
    await use(subject, async ({ send }) => {
      message = (await Promise.resolve(send(set)).catch((error: unknown) => (error as Error).message)) as string
    })
    const statement = /^ *statement {2}(.*)$/m.exec(message)?.[1] ?? ''
    const check = async ({ guard, send }: Running): Promise<void> => {
      expect(guard.unusedExceptions()).toMatchObject([{ by: 'option', statement }])
      expect(await outcomeOf(() => send('set work_mem = 1024;'))).toBe('sent')
      expect(await outcomeOf(() => send('SET lock_timeout = 1'))).toBe('session/set')
      expect(guard.unusedExceptions()).toEqual([])
    }
    await use(subject, check, { exceptions: [{ rule: 'session/set', statement, reason: 'a test' }] })
  })

  test('commits outside of the scope what a statement left inside of it, and nothing else', async () => {
    await use(subject, async ({ guard, transaction }) => {
      const inside = transaction(async (send) => {
        await guard.allow('session/set', 'a test', () => send(set))
        await send('SELECT 1')
      })
      expect(await outcomeOf(() => inside)).toBe('sent')
      const both = transaction(async (send) => {
        await guard.allow('session/set', 'a test', () => send(set))
        await send('SET lock_timeout = 1')
      })
      expect(await outcomeOf(() => both)).toBe('session/set')
    })
  })

  test('covers a whole transaction', async () => {
    await use(subject, async ({ guard, transaction }) => {
      expect(
        await outcomeOf(() => guard.allow('session/set', 'a test', () => transaction(async (send) => send(set)))),
      ).toBe('sent')
    })
  })

  test('keeps scopes apart that run at the same time, also where they wait for each other’s connections', async () => {
    await use(subject, async ({ guard, send, transaction }) => {
      const inScope = (rule: 'session/set' | 'session/listen', sql: string): Promise<string> => {
        return guard.allow(rule, 'a test', async () => {
          await send('SELECT 1')
          const inTransaction = await outcomeOf(() => transaction(async (inside) => inside(sql)))
          return `${inTransaction} ${await outcomeOf(() => send(sql))}`
        })
      }
      const outside = async (sql: string): Promise<string> => {
        await send('SELECT 1')
        return outcomeOf(() => send(sql))
      }
      const runs = Array.from({ length: 10 }, () =>
        Promise.all([
          inScope('session/set', set),
          inScope('session/set', listen),
          inScope('session/listen', listen),
          inScope('session/listen', set),
          outside(set),
          outside(listen),
        ]),
      )
      const expected = [
        'sent sent',
        'session/listen session/listen',
        'sent sent',
        'session/set session/set',
        'session/set',
        'session/listen',
      ]
      for (const outcomes of await Promise.all(runs)) expect(outcomes).toEqual(expected)
    })
  })
})

test('a client of a pool that is taken with a callback is in the scope of its taker', async () => {
  const guard = createGuard({ mode: 'strict' })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
  const first = await pool.connect()
  const taken = new Promise<string>((resolve) => {
    pool.connect((_error, client, release) => {
      void outcomeOf(() => client?.query(set) ?? Promise.resolve()).then((outcome) => {
        release()
        resolve(outcome)
      })
    })
  })
  await guard.allow('session/set', 'a test', async () => {
    first.release()
    expect(await taken).toBe('session/set')
  })
  await pool.end()
})
