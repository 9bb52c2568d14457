import type { Engine } from '../guard/engine.ts'
import { engineOf } from '../guard/brand.ts'
import { expect, test, describe } from 'vitest'
import { createGuard, type Guard } from '../guard/guard.ts'
import type { ExceptionOption } from './option.ts'
import { allow } from '../guard/allow.ts'

const set = "SET app.token = 'secret'"
const listen = 'LISTEN orders'
const strict = { mode: 'strict' } as const

/** Does what an adapter does before it sends a statement. */
function send(guard: Guard, sql: string): ReturnType<Engine['refuse']> {
  return engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { pinned: true }, send)
}

describe('unusedExceptions', () => {
  test('tells the options that have allowed nothing yet, without literals', () => {
    const exceptions: readonly ExceptionOption[] = [{ rule: 'session/set', statement: set, reason: 'a test' }]
    const guard = createGuard({ exceptions })
    expect(guard.unusedExceptions()).toEqual([
      { by: 'option', rules: ['session/set'], statement: 'SET app.token = ?', reason: 'a test', where: 'option' },
    ])
    send(guard, set)
    expect(guard.unusedExceptions()).toEqual([])
  })

  test('tells a scope once it has run, by the line that calls it, unless any run of that line was needed', () => {
    const guard = createGuard({ logger: { warn() {} } })
    const texts = ['SELECT 1', set, 'SELECT 2']
    const unused = texts.map((sql) => {
      guard.allow('session/set', 'a test', () => {
        send(guard, sql)
        if (sql === texts[0]) expect(guard.unusedExceptions()).toEqual([])
      })
      return guard.unusedExceptions().map(({ by, where }) => [by, where])
    })
    expect(unused).toEqual([[['scope', expect.stringContaining('unused.test.ts:')]], [], []])
  })

  test('tells of several rules those that were not needed', () => {
    const guard = createGuard(strict)
    guard.allow(['session/set', 'session/listen'], 'a test', () => send(guard, listen))
    expect(guard.unusedExceptions()).toMatchObject([{ rules: ['session/set'] }])
  })

  test('tells a scope for every guard until one of them has needed it', () => {
    const guards = [createGuard(strict), createGuard(strict)] as const
    const reason = 'for every guard'
    const unused = [listen, set].map((sql) => {
      allow('session/set', reason, () => send(guards[0], sql))
      return guards.map((guard) => guard.unusedExceptions().filter((exception) => exception.reason === reason).length)
    })
    expect(unused).toEqual([
      [1, 1],
      [0, 0],
    ])
  })

  test('tells a comment beside which something else was found', () => {
    const guard = createGuard(strict)
    send(guard, `/* poolsafe-allow session/set: a test */ ${listen}`)
    expect(guard.unusedExceptions()).toEqual([
      { by: 'comment', rules: ['session/set'], statement: listen, reason: 'a test', where: 'comment' },
    ])
  })

  test('says nothing of what only strict mode finds, and nothing at all with mode off', () => {
    const exceptions = [{ rule: 'statement/undecided', reason: 'a test' }] as const
    const modes = ['off', 'warn', 'strict'] as const
    expect(modes.map((mode) => createGuard({ mode, exceptions }).unusedExceptions().length)).toEqual([0, 0, 1])
  })

  test('remembers a bounded number', () => {
    const guard = createGuard()
    for (let times = 0; times < 3_000; times++) guard.allow('session/set', `reason ${times}`, () => undefined)
    const unused = guard.unusedExceptions()
    expect([unused.length, unused.at(-1)?.reason]).toEqual([1_000, 'reason 2999'])
  })
})
