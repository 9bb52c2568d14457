import { engineOf } from '@poolsafe/core/adapter'
import { statementListener, strictness } from '@poolsafe/core/internal'
import { createGuard, poolers, type Guard } from '@poolsafe/core'
import { expect, describe, it } from 'vitest'
import '../matchers.ts'

/** Sends as an adapter does. */
function send(guard: Guard, sql: string): Promise<string> {
  const analysis = engineOf(guard).analyze(sql)
  const error = engineOf(guard).refuse(sql, analysis, { pinned: false }, send)
  return error === undefined ? Promise.resolve('sent') : Promise.reject(error)
}

const guard = createGuard({ logger: { warn: () => undefined } })

describe('toBePoolsafe', () => {
  it('passes what is safe, and behind which pooler it is', () => {
    expect('SELECT 1').toBePoolsafe()
    expect('LISTEN orders').toBePoolsafe({ pooler: poolers.direct() })
    expect('SET LOCAL search_path = a').toBePoolsafe({ inTransaction: true })
  })

  it('fails with why and what instead, without a literal', () => {
    const failing = (): void =>
      expect("SET search_path = 'secret'").toBePoolsafe({ pooler: poolers.pgbouncer({ version: '1.24' }) })
    expect(failing).toThrow(
      /expected the statement to be safe\n +statement +SET search_path = \?\n +pooler +PgBouncer 1\.24/,
    )
    expect(failing).toThrow(/session\/set\)\n +why .*\n +instead +SET LOCAL/)
    expect(failing).not.toThrow(/secret/)
  })

  it('can be turned round', () => {
    expect('LISTEN orders').not.toBePoolsafe()
    expect(() => expect('SELECT 1').not.toBePoolsafe()).toThrow('expected the statement to be unsafe, and it is safe')
  })

  it('takes what is pinned for safe: it works', () => {
    expect('LISTEN orders').toBePoolsafe({ pooler: poolers.rdsProxy() })
  })

  it('refuses an option that does not exist', () => {
    expect(() => expect('SELECT 1').toBePoolsafe({ poler: poolers.direct() } as object)).toThrow(
      "an option of toBePoolsafe() is 'poler': did you mean 'pooler'? It must be one of pooler",
    )
  })
})

describe('toRunPoolsafe', () => {
  it('passes a function that sends nothing unsafe', async () => {
    await expect(() => send(guard, 'SELECT 1')).toRunPoolsafe()
  })

  it('fails for a statement whose error the function kept to itself', async () => {
    const quiet = (): Promise<unknown> => send(guard, 'LISTEN orders').catch(() => undefined)
    await expect(expect(quiet).toRunPoolsafe()).rejects.toThrow(
      /the function sent a statement that is unsafe[^]*session\/listen[^]*instead/,
    )
  })

  it('can be turned round, for a test that expects the refusal', async () => {
    await expect(() => send(guard, 'LISTEN orders')).not.toRunPoolsafe()
    await expect(expect(() => send(guard, 'SELECT 1')).not.toRunPoolsafe()).rejects.toThrow('and it sent none')
  })

  it('hears nothing of what others send at the same time', async () => {
    const sent = expect(() => send(guard, 'LISTEN orders')).not.toRunPoolsafe()
    await expect(() => sent).toRunPoolsafe()
  })

  it("passes on an error of the application's own", async () => {
    await expect(expect(() => Promise.reject(new Error('no such order'))).toRunPoolsafe()).rejects.toThrow(
      /^no such order$/,
    )
  })

  it('fails for a comment that is meant to allow something, and does not', async () => {
    const quiet = (): Promise<unknown> =>
      send(guard, '/* poolsafe-allow session/listn: typing */ LISTEN orders').catch(() => undefined)
    await expect(expect(quiet).toRunPoolsafe()).rejects.toThrow("there is no rule 'session/listn'")
  })

  it('leaves the guards as they were', async () => {
    await expect(() => send(guard, 'SELECT 1')).toRunPoolsafe()
    expect([guard.mode, strictness.current]).toEqual(['warn', undefined])
  })

  it('refuses what is no function', async () => {
    await expect(expect('SELECT 1').toRunPoolsafe()).rejects.toThrow('must be a function that sends statements')
  })
})

describe('toQueryAtMost', () => {
  async function list(): Promise<void> {
    await send(guard, 'BEGIN')
    await send(guard, 'SELECT * FROM orders')
    for (const id of ['a', 'b']) await send(guard, `SELECT * FROM lines WHERE order_id = '${id}'`)
    await send(guard, 'COMMIT')
  }

  it('passes up to the number, without BEGIN and COMMIT', async () => {
    await expect(list).toQueryAtMost(3)
    await expect(list).not.toQueryAtMost(2)
  })

  it('fails with each statement, how often and from where, without a literal', async () => {
    const failing = expect(list).toQueryAtMost(2)
    await expect(failing).rejects.toThrow(
      /expected at most 2 statements, 3 were sent\n +1× +SELECT \* FROM orders\n +by send .*matchers\.test\.ts:\d+:\d+\)\n +2× +SELECT \* FROM lines WHERE order_id = \?\n[^]*instead/,
    )
  })

  it('counts for each function what it sent itself', async () => {
    await Promise.all([expect(list).toQueryAtMost(3), expect(list).toQueryAtMost(3)])
    expect(statementListener.current).toBeUndefined()
  })

  it('makes no guard strict', async () => {
    await expect(() => send(guard, 'LISTEN orders')).toQueryAtMost(1)
  })

  it('refuses what is no number of statements', async () => {
    await expect(expect(list).toQueryAtMost(-1)).rejects.toThrow('a number of statements, 0 or more')
  })
})
