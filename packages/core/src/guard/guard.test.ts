import { engineOf } from './brand.ts'
import { strictness } from './strict.ts'
import { origins } from '../stack/origin.ts'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { CallbackError, InvalidOptionError, PoolsafeFault } from '../errors.ts'
import { UnsafeStatementError } from './unsafe-statement-error.ts'
import { harmless } from '../analyze/analysis.ts'
import { direct } from '../poolers/direct.ts'
import { pgbouncer } from '../poolers/pgbouncer.ts'
import { strictest } from '../poolers/strictest.ts'
import { rules } from '../rules/index.ts'
import type { FindingEvent } from './events.ts'
import { createGuard } from './guard.ts'
import { openTransaction, send, watchedGuard } from '../../../../test/support/watched-guard.ts'

const unsafe = "SET app.token = 'secret'"

describe('in warn mode', () => {
  test('a finding is logged, and the statement goes on', () => {
    const { guard, logged } = watchedGuard()
    expect(send(guard, unsafe)).toBeUndefined()
    expect(logged).toHaveLength(1)
    expect(logged[0]).toMatch(
      /^\[poolsafe\] SET app\.token stays on a server connection that other clients use next \(session\/set\)\n/,
    )
  })

  test('the log is the manual, without any literal', () => {
    const { guard, logged } = watchedGuard({ pooler: pgbouncer({ version: '1.24' }) })
    send(guard, `${unsafe}; LISTEN orders`)
    const lines = (logged[0] ?? '').split('\n').map((line) => line.trim().split(/ {2,}/))
    expect(Object.fromEntries(lines.slice(1))).toMatchObject({
      statement: 'SET app.token = ?; LISTEN orders',
      sent: 'yes: poolsafe only warns',
      by: expect.stringContaining('guard.test.ts:'),
      pooler: 'PgBouncer 1.24, transaction mode',
      why: expect.stringContaining('SET lasts until the server connection closes'),
      instead: expect.stringContaining('SET LOCAL'),
      also: expect.stringContaining('(session/listen); instead '),
      allow:
        "guard.allow(['session/set', 'session/listen'], 'why it is safe here', fn), or in the SQL /* poolsafe-allow session/set, session/listen: why it is safe here */",
      docs: 'node_modules/@poolsafe/core/docs/rules/session-set.md',
    })
    expect(logged.join()).not.toContain('secret')
  })

  test('the same finding is logged once for each statement', () => {
    const { guard, logged } = watchedGuard()
    for (let times = 0; times < 3; times++) send(guard, unsafe)
    send(guard, 'SET work_mem = 1')
    expect(logged).toHaveLength(2)
  })

  test('the same finding is logged once, also of a long text', () => {
    const { guard, logged } = watchedGuard()
    for (let times = 0; times < 3; times++) send(guard, `${unsafe} -- ${'x'.repeat(100_000)}`)
    expect(logged).toHaveLength(1)
  })

  test('a repeated finding takes no stack', () => {
    const { guard } = watchedGuard()
    const capture = vi.spyOn(Error, 'captureStackTrace')
    onTestFinished(() => capture.mockRestore())
    for (let times = 0; times < 3; times++) send(guard, unsafe)
    expect(capture).toHaveBeenCalledTimes(1)
    for (let times = 0; times < 3; times++) send(guard, unsafe, { transaction: openTransaction() })
    expect(capture).toHaveBeenCalledTimes(1)
    expect(guard.stats().findings).toMatchObject({ 'session/set': 3 })
  })

  test('a repeated finding has its own call site if somebody listens', () => {
    const { guard } = watchedGuard()
    send(guard, unsafe)
    const places: unknown[] = []
    guard.on('finding', ({ place }) => places.push(place))
    send(guard, unsafe)
    send(guard, unsafe)
    expect(new Set(places).size).toBe(2)
    expect(places).toEqual([expect.stringContaining('guard.test.ts:'), expect.stringContaining('guard.test.ts:')])
  })

  test('a text that cannot be judged is no finding', () => {
    const { guard, logged } = watchedGuard()
    expect(send(guard, `${unsafe};${' '.repeat(1_000_000)}`)).toBeUndefined()
    expect(logged).toEqual([])
  })
})

describe('in strict mode', () => {
  test('a finding refuses the statement with the manual, and logs nothing', () => {
    const { guard, logged } = watchedGuard({ mode: 'strict' })
    const error = send(guard, unsafe)
    expect(error).toBeInstanceOf(UnsafeStatementError)
    expect(error).toMatchObject({
      rule: 'session/set',
      outcome: 'leaks',
      statement: 'SET app.token = ?',
      operation: undefined,
    })
    expect(error?.message).toContain('no: poolsafe refused it, nothing reached the server')
    expect(`${String(error?.message)}${String(error?.stack)}${JSON.stringify(error)}`).not.toContain('secret')
    expect(logged).toEqual([])
  })

  test('the error’s stack begins with its name, and goes on with the line of the caller', () => {
    const error = send(createGuard({ mode: 'strict' }), unsafe)
    expect(error?.stack?.startsWith(`UnsafeStatementError: ${error.message}\n    at `)).toBe(true)
    const frames = error?.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
    expect(frames[0]).toContain('guard.test.ts')
    expect(frames.join()).not.toContain('guard.ts:')
  })

  test('a text that cannot be judged is refused', () => {
    expect(send(createGuard({ mode: 'strict' }), `${unsafe};${' '.repeat(1_000_000)}`)).toMatchObject({
      rule: 'statement/undecided',
    })
  })

  test('a safe statement goes on', () => {
    const guard = createGuard({ mode: 'strict' })
    expect(send(guard, 'SELECT 1')).toBeUndefined()
    expect(send(guard, unsafe.replace('SET', 'SET LOCAL'), { transaction: openTransaction() })).toBeUndefined()
    expect(send(createGuard({ mode: 'strict', pooler: direct() }), unsafe)).toBeUndefined()
  })

  test('is what every guard of the process is in while the override is set', () => {
    const { guard, logged } = watchedGuard()
    const seen: FindingEvent[] = []
    strictness.current = { onFinding: (event) => void seen.push(event) }
    onTestFinished(() => void (strictness.current = undefined))
    expect(guard.mode).toBe('strict')
    expect(send(guard, unsafe)).toBeInstanceOf(UnsafeStatementError)
    expect(send(watchedGuard({ rules: { 'session/set': 'warn' } }).guard, unsafe)).toBeInstanceOf(UnsafeStatementError)
    expect(send(watchedGuard({ rules: { 'session/set': 'allow' } }).guard, unsafe)).toBeUndefined()
    expect(seen.map(({ refused }) => refused)).toEqual([true, true])
    expect(logged).toEqual([])
  })
})

describe('the policy of a rule', () => {
  test('is stronger than the mode', () => {
    expect(send(createGuard({ mode: 'strict', rules: { 'session/set': 'allow' } }), unsafe)).toBeUndefined()
    expect(send(watchedGuard({ rules: { 'session/set': 'throw' } }).guard, unsafe)).toBeInstanceOf(UnsafeStatementError)
    const { guard, logged } = watchedGuard({ mode: 'strict', rules: { 'session/set': 'warn' } })
    expect(send(guard, unsafe)).toBeUndefined()
    expect(logged).toHaveLength(1)
  })

  test('leaves the other findings of the text alone', () => {
    const guard = createGuard({ mode: 'strict', rules: { 'session/set': 'allow' } })
    expect(send(guard, `${unsafe}; LISTEN a`)).toMatchObject({
      rule: 'session/listen',
      findings: [{ rule: 'session/listen' }],
    })
  })

  test('refuses a text as soon as one finding is to be refused', () => {
    const { guard } = watchedGuard({ rules: { 'session/listen': 'throw' } })
    const error = send(guard, `${unsafe}; LISTEN a`)
    expect((error as UnsafeStatementError).findings.map(({ rule }) => rule)).toEqual(['session/set', 'session/listen'])
  })

  test.each(rules.map(({ id }) => id))('can be given for %s', (id) => {
    expect(() => createGuard({ rules: { [id]: 'throw' } })).not.toThrow()
  })
})

describe('listeners', () => {
  test('hears of every finding, logged before or not', () => {
    const { guard, logged } = watchedGuard()
    const events: FindingEvent[] = []
    const stop = guard.on('finding', (event) => void events.push(event))
    for (let times = 0; times < 3; times++) send(guard, unsafe)
    stop()
    send(guard, unsafe)
    expect(events).toHaveLength(3)
    expect(events[0]).toMatchObject({
      statement: 'SET app.token = ?',
      refused: false,
      operation: undefined,
      pooler: strictest(),
    })
    expect(JSON.stringify(events)).not.toContain('secret')
    expect(logged).toHaveLength(1)
  })

  test('hears the operation of the layer above', () => {
    const { guard, logged } = watchedGuard()
    const events: FindingEvent[] = []
    guard.on('finding', (event) => void events.push(event))
    origins.run({ operation: 'User.findMany' }, () => send(guard, unsafe))
    expect(events[0]?.operation).toBe('User.findMany')
    expect(logged[0]).toMatch(/by +User\.findMany at /)
  })

  test('cannot break the statement: a listener that throws is a fault, reported once', () => {
    const { guard, logged } = watchedGuard()
    const others: FindingEvent[] = []
    const faults: Error[] = []
    guard.on('finding', () => {
      throw new Error('the listener is broken')
    })
    guard.on('finding', (event) => void others.push(event))
    guard.on('fault', (fault) => void faults.push(fault))
    expect(send(guard, unsafe)).toBeUndefined()
    expect(send(guard, 'SET work_mem = 1')).toBeUndefined()
    expect(others).toHaveLength(2)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toBeInstanceOf(CallbackError)
    expect(logged.filter((line) => line.includes('the listener is broken'))).toHaveLength(1)
  })

  test('cannot break the statement: a logger that throws is a fault', () => {
    const faults: Error[] = []
    const guard = createGuard({
      logger: {
        warn() {
          throw new Error('the logger is broken')
        },
      },
    })
    guard.on('fault', (fault) => void faults.push(fault))
    expect(send(guard, unsafe)).toBeUndefined()
    expect(send(guard, 'SET work_mem = 1')).toBeUndefined()
    expect(faults).toHaveLength(1)
    expect(faults[0]?.cause).toMatchObject({ message: 'the logger is broken' })
  })

  test('is added to events that exist; for a misspelt one the error suggests the name', () => {
    const { guard } = watchedGuard()
    expect(() => guard.on('slowquery' as 'slowQuery', () => {})).toThrow(
      "on(): event is 'slowquery': did you mean 'slowQuery'?",
    )
    expect(() => guard.on('slow' as 'slowQuery', () => {})).toThrow(/^on\(\): event must be one of '.*'; got 'slow'$/)
  })

  test('cannot break the statement: a listener of faults that throws', () => {
    const { guard } = watchedGuard()
    const fail = (): never => {
      throw new Error('broken')
    }
    guard.on('finding', fail)
    guard.on('fault', fail)
    expect(send(guard, unsafe)).toBeUndefined()
  })
})

describe('a fault of poolsafe itself', () => {
  /** A profile whose data cannot be read: judging fails. */
  const carries = Object.defineProperty({ ...strictest().carries }, 'setting', {
    get(): never {
      throw new Error('the profile is broken')
    },
  })
  const broken = { ...strictest(), carries }

  test('never breaks a statement in warn mode, and is reported once', () => {
    const { guard, logged } = watchedGuard({ pooler: broken })
    expect(send(guard, unsafe)).toBeUndefined()
    expect(send(guard, unsafe)).toBeUndefined()
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain('this is a bug of poolsafe, please report it: Error: the profile is broken')
  })

  test('refuses the statement in strict mode, where silence means safe', () => {
    const { guard, logged } = watchedGuard({ pooler: broken, mode: 'strict' })
    expect(send(guard, unsafe)).toBeInstanceOf(PoolsafeFault)
    expect(send(guard, unsafe)).toBeInstanceOf(PoolsafeFault)
    expect(logged).toHaveLength(1)
  })

  test('in the analysis of what is no text at all is contained as well', () => {
    const notText = { toString: () => unsafe } as unknown as string
    expect(engineOf(watchedGuard().guard).analyze(notText)).toBe(harmless)
    const strict = watchedGuard({ mode: 'strict' }).guard
    expect(send(strict, notText)).toMatchObject({
      name: expect.stringMatching(/^(PoolsafeFault|UnsafeStatementError)$/),
    })
  })
})

describe('inspect', () => {
  test('tells in a context, and neither logs nor throws nor tells listeners', () => {
    const { guard, logged } = watchedGuard({ mode: 'strict', rules: { 'session/set': 'throw' } })
    guard.on('finding', () => logged.push('told'))
    expect(guard.inspect(unsafe).findings).toHaveLength(1)
    expect(guard.inspect('SET LOCAL a.b = 1').findings).toHaveLength(1)
    expect(guard.inspect('SET LOCAL a.b = 1', { inTransaction: true }).findings).toEqual([])
    expect(guard.inspect('SELECT 1', { named: true }).findings).toHaveLength(1)
    expect(logged).toEqual([])
  })

  test('is ready once the parser is loaded', async () => {
    await expect(createGuard().ready).resolves.toBeUndefined()
  })

  test('judges the same with and without a memory', () => {
    const remembering = createGuard()
    const forgetting = createGuard({ cacheBytes: 0 })
    for (let times = 0; times < 2; times++) expect(forgetting.inspect(unsafe)).toEqual(remembering.inspect(unsafe))
  })
})

describe('calls that are no statement', () => {
  test('a transaction that is given back is refused in strict mode', () => {
    const error = engineOf(createGuard({ mode: 'strict' })).refuseCall('releasedInTransaction', send)
    expect(error).toMatchObject({ rule: 'transaction/left-open', statement: '' })
    expect(error?.message).not.toContain('statement  ')
  })

  test('a complaint is thrown in strict mode, and logged once otherwise', () => {
    const complaint = new InvalidOptionError('a', 'b', 'c')
    expect(engineOf(createGuard({ mode: 'strict' })).complain(complaint)).toBe(complaint)
    const { guard, logged } = watchedGuard()
    for (let times = 0; times < 2; times++) expect(engineOf(guard).complain(complaint)).toBeUndefined()
    expect(logged).toEqual([`[poolsafe] ${complaint.message}`])
  })
})
