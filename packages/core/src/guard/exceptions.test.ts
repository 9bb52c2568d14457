import { engineOf } from './brand.ts'
import { strictness } from './strict.ts'
import { origins } from '../stack/origin.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { InvalidOptionError } from '../errors.ts'
import { UnsafeStatementError } from './unsafe-statement-error.ts'
import type { AllowedEvent, FindingEvent } from './events.ts'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './options.ts'
import type { KnownException } from '../exceptions/exception.ts'
import type { ExceptionOption } from '../exceptions/option.ts'
import { inScopeOfCaller } from '../exceptions/scope.ts'
import { allow } from './allow.ts'
import { openTransaction, send } from '../../../../test/support/watched-guard.ts'

const set = "SET app.token = 'secret'"
const listen = 'LISTEN orders'
const strict = { mode: 'strict' } as const

interface Watched {
  readonly guard: Guard
  readonly logged: string[]
  readonly allowed: AllowedEvent[]
  readonly findings: FindingEvent[]
}

function watched(options: GuardOptions = {}): Watched {
  const logged: string[] = []
  const allowed: AllowedEvent[] = []
  const findings: FindingEvent[] = []
  const guard = createGuard({ logger: { warn: (message) => void logged.push(message) }, ...options })
  guard.on('allowed', (event) => void allowed.push(event))
  guard.on('finding', (event) => void findings.push(event))
  return { guard, logged, allowed, findings }
}

/** Each of the two ways to open a scope. */
const ways = [
  ['guard.allow', (guard: Guard): typeof allow => guard.allow.bind(guard)],
  ['allow', (): typeof allow => allow],
] as const

describe.each(ways)('a scope of %s', (_name, of) => {
  test('allows its rule, inside, and nothing else', () => {
    const { guard } = watched(strict)
    const inside = of(guard)('session/set', 'a test', () => [send(guard, set), send(guard, listen)])
    expect(inside).toEqual([undefined, expect.any(UnsafeStatementError)])
    expect(send(guard, set)).toBeInstanceOf(UnsafeStatementError)
  })

  test('allows several rules, and adds to the scope around it', () => {
    const { guard } = watched(strict)
    const both = of(guard)(['session/set', 'session/listen'], 'a test', () => send(guard, `${set}; ${listen}`))
    const nested = of(guard)('session/set', 'outer', () =>
      of(guard)('session/listen', 'inner', () => send(guard, `${set}; ${listen}`)),
    )
    const after = of(guard)('session/set', 'outer', () => {
      of(guard)('session/listen', 'inner', () => undefined)
      return send(guard, listen)
    })
    expect([both, nested, after]).toEqual([undefined, undefined, expect.any(UnsafeStatementError)])
  })

  test('lasts until the promise of its function is settled', async () => {
    const { guard } = watched(strict)
    const later = of(guard)('session/set', 'a test', async () => {
      await nextTurn()
      return [send(guard, set)]
    })
    expect(send(guard, set)).toBeInstanceOf(UnsafeStatementError)
    expect(await later).toEqual([undefined])
  })

  test('covers a query that starts when it is awaited', async () => {
    const { guard } = watched(strict)
    const lazy: PromiseLike<unknown> = {
      // oxlint-disable-next-line unicorn/no-thenable -- as the queries of Prisma are
      then: (resolve, reject) => Promise.resolve([send(guard, set)]).then(resolve, reject),
    }
    expect(await of(guard)('session/set', 'a test', () => lazy)).toEqual([undefined])
  })

  test('is over for what still runs when it ends', async () => {
    const { guard } = watched(strict)
    let forgotten: Promise<unknown> | undefined
    of(guard)('session/set', 'a test', () => {
      forgotten = nextTurn().then(() => send(guard, set))
    })
    expect(await forgotten).toBeInstanceOf(UnsafeStatementError)
  })

  test('gives and throws what its function gives and throws', async () => {
    const failure = new Error('on purpose')
    const scope = of(createGuard())
    const fail = (): never => {
      throw failure
    }
    expect(scope('session/set', 'a test', () => 7)).toBe(7)
    expect(() => scope('session/set', 'a test', fail)).toThrow(failure)
    await expect(scope('session/set', 'a test', async () => fail())).rejects.toBe(failure)
    expect(await scope('session/set', 'a test', async () => 7)).toBe(7)
  })

  test('does not leak into what runs beside it', async () => {
    const { guard } = watched(strict)
    const run = async (rule: 'session/set' | 'session/listen'): Promise<(string | undefined)[]> => {
      const refused: (string | undefined)[] = []
      for (let turn = 0; turn < 20; turn++) {
        await nextTurn()
        refused.push(send(guard, `${set}; ${listen}`)?.message.match(/\((session\/\w+)\)/)?.[1])
      }
      return [rule, ...new Set(refused)]
    }
    const [sets, listens] = await Promise.all([
      of(guard)('session/set', 'one', () => run('session/set')),
      of(guard)('session/listen', 'other', () => run('session/listen')),
    ])
    expect([sets, listens]).toEqual([
      ['session/set', 'session/listen'],
      ['session/listen', 'session/set'],
    ])
  })

  test('keeps what its statements leave allowed when the commit is decided outside', () => {
    const { guard, allowed } = watched(strict)
    const transaction = openTransaction()
    expect(of(guard)('session/set', 'a test', () => send(guard, set, { transaction }))).toBeUndefined()
    expect(allowed).toEqual([])
    expect(send(guard, 'COMMIT', { transaction })).toBeUndefined()
    expect(allowed).toMatchObject([{ statement: 'SET app.token = ?', allowedBy: { reason: 'a test' } }])
  })

  test('does not allow at the commit what was sent before it', () => {
    const { guard } = watched(strict)
    const transaction = openTransaction()
    send(guard, set, { transaction })
    expect(of(guard)('session/set', 'a test', () => send(guard, 'COMMIT', { transaction }))).toBeInstanceOf(
      UnsafeStatementError,
    )
  })

  test('does not hide the same statement from outside of it', () => {
    const { guard } = watched(strict)
    const transaction = openTransaction()
    of(guard)('session/set', 'a test', () => send(guard, set, { transaction }))
    send(guard, set, { transaction })
    expect(send(guard, 'COMMIT', { transaction })).toMatchObject({ rule: 'session/set' })
  })

  test('holds one entry for a statement that is repeated inside', () => {
    const { guard } = watched(strict)
    const transaction = openTransaction()
    of(guard)('session/set', 'a test', () => {
      for (let times = 0; times < 100; times++) send(guard, set, { transaction })
    })
    expect(transaction.state.left).toHaveLength(1)
  })

  test('covers a connection that is given back inside a transaction', () => {
    const { guard } = watched(strict)
    expect(
      of(guard)('transaction/left-open', 'a test', () => engineOf(guard).refuseCall('releasedInTransaction', send)),
    ).toBeUndefined()
  })

  const seven = (): number => 7

  test.each([
    ['no rule', 'session/sett', 'a test', seven, 'allow(): rule'],
    ['an empty list', [], 'a test', seven, 'allow(): rule'],
    ['no reason', 'session/set', undefined, seven, 'allow(): reason'],
    ['a blank reason', 'session/set', ' \n', seven, 'allow(): reason'],
    ['no function', 'session/set', 'a test', Promise.resolve(7), 'allow(): fn'],
  ])('is refused with %s', (_case, rule, reason, fn, option) => {
    const open = of(createGuard()) as (...args: unknown[]) => unknown
    expect(() => open(rule, reason, fn)).toThrow(InvalidOptionError)
    expect(() => open(rule, reason, fn)).toThrow(expect.objectContaining({ option }))
  })
})

test('guard.allow concerns its own guard, allow every guard', () => {
  const [one, other] = [createGuard(strict), createGuard(strict)]
  expect(one.allow('session/set', 'a test', () => send(other, set))).toBeInstanceOf(UnsafeStatementError)
  expect(allow('session/set', 'a test', () => [send(one, set), send(other, set)])).toEqual([undefined, undefined])
})

test('a callback of a pool runs in the scope of whoever gave it to the pool, and in the rest of the context of its caller', () => {
  const guard = createGuard(strict)
  const context = new AsyncLocalStorage<string>()
  const callback = inScopeOfCaller(() => [send(guard, set), context.getStore()] as const)
  const called = guard.allow('session/set', 'a test', () => context.run('of the caller', callback))
  expect(called).toEqual([expect.any(UnsafeStatementError), 'of the caller'])
})

describe('the option', () => {
  const exceptions: readonly ExceptionOption[] = [
    { rule: 'session/listen', reason: 'a dedicated listener' },
    { rule: 'session/set', statement: 'SET work_mem = ?', reason: 'the same in every session' },
  ]

  test('allows a rule everywhere, or in one statement', () => {
    const { guard, allowed } = watched({ ...strict, exceptions })
    expect([send(guard, listen), send(guard, "set work_mem = '64MB';")]).toEqual([undefined, undefined])
    expect(send(guard, set)).toBeInstanceOf(UnsafeStatementError)
    expect(allowed.map(({ allowedBy }) => allowedBy)).toEqual([
      { by: 'option', rules: ['session/listen'], reason: 'a dedicated listener', where: 'option' },
      {
        by: 'option',
        rules: ['session/set'],
        statement: 'SET work_mem = ?',
        reason: 'the same in every session',
        where: 'option',
      },
    ])
  })

  test('is stronger than the policy of the rule', () => {
    expect(send(createGuard({ exceptions, rules: { 'session/listen': 'throw' } }), listen)).toBeUndefined()
  })

  test.each([
    ['no list', {}, 'exceptions'],
    ['no object', ['session/set'], 'exceptions[0]'],
    ['an unknown key', [{ rule: 'session/set', reason: 'a', statment: 'SET x = ?' }], 'an option of exceptions[0]'],
    ['an unknown rule', [{ rule: 'session/sett', reason: 'a' }], 'exceptions[0].rule'],
    ['no rule', [{ reason: 'a' }], 'exceptions[0].rule'],
    ['no reason', [exceptions[0], { rule: 'session/set' }], 'exceptions[1].reason'],
    ['a blank reason', [{ rule: 'session/set', reason: ' ' }], 'exceptions[0].reason'],
    ['a blank statement', [{ rule: 'session/set', reason: 'a', statement: ' ' }], 'exceptions[0].statement'],
    [
      'a statement that is a pattern',
      [{ rule: 'session/set', reason: 'a', statement: /SET/ }],
      'exceptions[0].statement',
    ],
  ])('is refused with %s', (_case, given, option) => {
    const make = (): unknown => createGuard({ exceptions: given as readonly ExceptionOption[] })
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(expect.objectContaining({ option }))
  })
})

describe('a comment', () => {
  test('allows what it names in its text, at the commit as well', () => {
    const { guard, allowed } = watched(strict)
    const sql = `/* poolsafe-allow session/set: one tenant */ ${set}`
    const transaction = openTransaction()
    expect(send(guard, sql)).toBeUndefined()
    send(guard, sql, { transaction })
    expect(send(guard, 'COMMIT', { transaction })).toBeUndefined()
    expect(send(guard, `${sql}; ${listen}`)).toMatchObject({ findings: [{ rule: 'session/listen' }] })
    expect(allowed.map(({ allowedBy: { by, reason } }) => [by, reason])).toEqual(
      Array.from({ length: 3 }, () => ['comment', 'one tenant']),
    )
  })

  test('does not hide the same statement without it', () => {
    const { guard } = watched(strict)
    const transaction = openTransaction()
    send(guard, `/* poolsafe-allow session/set: one tenant */ ${set}`, { transaction })
    send(guard, set, { transaction })
    expect(send(guard, 'COMMIT', { transaction })).toMatchObject({ rule: 'session/set' })
  })
})

describe('listeners', () => {
  test('hears of what was allowed as that, and not as a finding', () => {
    const { guard, logged, allowed, findings } = watched()
    const run = (): unknown => guard.allow('session/set', ' said ', () => send(guard, `${set}; ${listen}`))
    origins.run({ operation: 'User.findMany' }, run)
    expect(allowed).toMatchObject([
      {
        statement: 'SET app.token = ?; LISTEN orders',
        operation: 'User.findMany',
        findings: [{ rule: 'session/set' }],
        allowedBy: {
          by: 'scope',
          rules: ['session/set'],
          reason: 'said',
          where: expect.stringContaining('exceptions.test.ts:'),
        },
      },
    ])
    expect(findings.map((event) => event.findings.map(({ rule }) => rule))).toEqual([['session/listen']])
    expect(logged).toHaveLength(1)
    expect(JSON.stringify(allowed)).not.toContain('secret')
  })

  test('in strict tests hears of every exception, and of those that were needed, by the same object', () => {
    const declared: KnownException[] = []
    const allowed: AllowedEvent[] = []
    strictness.current = {
      onFinding: () => undefined,
      onDeclared: (exception) => void declared.push(exception),
      onAllowed: (event) => void allowed.push(event),
    }
    onTestFinished(() => void (strictness.current = undefined))
    const guard = createGuard({ exceptions: [{ rule: 'session/load', reason: 'an option' }] })
    for (let times = 0; times < 2; times++) guard.allow('session/set', 'a scope', () => send(guard, set))
    send(guard, `/* poolsafe-allow session/listen: a comment */ ${listen}`)
    send(guard, '/* poolsafe-allow session/listen: in vain */ SELECT 1')
    expect(declared.map(({ reason }) => reason)).toEqual(['an option', 'a scope', 'a scope', 'a comment', 'in vain'])
    const unused = new Set(declared).difference(new Set(allowed.map(({ allowedBy }) => allowedBy)))
    expect([...unused].map(({ reason }) => reason)).toEqual(['an option', 'in vain'])
  })

  test('in strict tests hears of a comment in the wrong form', () => {
    const complaints: Error[] = []
    strictness.current = { onFinding: () => undefined, onComplaint: (error) => void complaints.push(error) }
    onTestFinished(() => void (strictness.current = undefined))
    const error = send(createGuard(), `/* poolsafe-allow */ ${set}`)
    expect(complaints).toEqual([error])
  })
})
