import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../errors.ts'
import { pgbouncer } from '../poolers/pgbouncer.ts'
import { engineOf, markGuarded, toEngine } from './brand.ts'
import { createGuard } from './guard.ts'
import type { GuardOptions } from './options.ts'

describe('options', () => {
  const all = 'pooler, mode, rules, decideAt, exceptions, catalog, logger, cacheBytes, observe'
  test.each<[string, unknown, string, string]>([
    ['mode', { mode: 'loud' }, 'mode', "mode must be one of 'off', 'warn', 'repair', 'strict'; got 'loud'"],
    [
      'a mode misspelt',
      { mode: 'strikt' },
      'mode',
      "mode is 'strikt': did you mean 'strict'? It must be one of 'off', 'warn', 'repair', 'strict'",
    ],
    ['a mode that is null', { mode: null }, 'mode', 'got null'],
    ['a pooler that is null', { pooler: null }, 'pooler', 'got null'],
    ['rules that are null', { rules: null }, 'rules', 'got null'],
    ['a logger that is null', { logger: null }, 'logger', 'got null'],
    [
      'an unknown option',
      { moed: 'warn' },
      'an option of createGuard()',
      `an option of createGuard() is 'moed': did you mean 'mode'? It must be one of ${all}`,
    ],
    [
      'an unknown option like no other',
      { colour: 'red' },
      'an option of createGuard()',
      `an option of createGuard() must be one of ${all}; got 'colour'`,
    ],
    ['no object', 'strict', 'createGuard()', `createGuard() must be an object with the options ${all}; got 'strict'`],
    ['an array', [], 'createGuard()', `createGuard() must be an object with the options ${all}; got an array`],
    ['null', null, 'createGuard()', `createGuard() must be an object with the options ${all}; got null`],
    [
      'a pooler by name',
      { pooler: 'pgbouncer' },
      'pooler',
      "pooler must be a profile, such as poolers.pgbouncer({ version: '1.24' }) or poolers.direct(); got 'pgbouncer'",
    ],
    ['a pooler that was not called', { pooler: pgbouncer }, 'pooler', 'got a function'],
    [
      'what was detected, as a whole',
      { pooler: { profile: pgbouncer() } },
      'pooler',
      'or the .profile of what poolers.detect() gives; got an object',
    ],
    ['a pooler without data', { pooler: {} }, 'pooler', 'got an object'],
    [
      'an unknown rule',
      { rules: { 'session/sett': 'warn' } },
      'an option of rules',
      "is 'session/sett': did you mean 'session/set'?",
    ],
    [
      'an unknown rule of an exception',
      { exceptions: [{ rule: 'session/listn', reason: 'a' }] },
      'exceptions[0].rule',
      "exceptions[0].rule is 'session/listn': did you mean 'session/listen'? It must be the id of a rule",
    ],
    [
      'an unknown policy',
      { rules: { 'session/set': 'shout' } },
      "rules['session/set']",
      "rules['session/set'] must be one of 'allow', 'warn', 'throw', 'repair', 'direct'; got 'shout'",
    ],
    ['rules as a list', { rules: ['session/set'] }, 'rules', 'got an array'],
    [
      'a logger that is a function',
      { logger: () => undefined },
      'logger',
      'logger must be an object with a method warn(message); got a function',
    ],
    ['a logger without warn', { logger: {} }, 'logger', 'got an object'],
    ['bytes below none', { cacheBytes: -1 }, 'cacheBytes', 'cacheBytes must be a number of bytes, 0 or more; got -1'],
    ['endless bytes', { cacheBytes: Infinity }, 'cacheBytes', 'got Infinity'],
    ['no number of bytes', { cacheBytes: NaN }, 'cacheBytes', 'got NaN'],
    ['bytes as a text', { cacheBytes: '1MB' }, 'cacheBytes', "got '1MB'"],
  ])('%s is refused, saying what came', (_name, options, option, message) => {
    const make = (): unknown => createGuard(options as GuardOptions)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
    expect(make).toThrow(expect.objectContaining({ option }))
  })

  test('a guard or the options to make one are taken', () => {
    const guard = createGuard()
    expect(toEngine(guard)).toBe(engineOf(guard))
    expect(toEngine(engineOf(guard))).toBe(engineOf(guard))
    expect(toEngine(undefined).mode).toBe('warn')
    expect(toEngine({ mode: 'off' }).mode).toBe('off')
    expect(() => toEngine({ mode: 'loud' } as unknown as GuardOptions)).toThrow(InvalidOptionError)
  })

  test('a guarded object is recognised', () => {
    const engine = engineOf(createGuard())
    const pool = markGuarded({}, engine)
    expect(engineOf(pool)).toBe(engine)
    expect(Object.keys(pool)).toEqual([])
    for (const other of [{}, null, undefined, 'pool', 5]) expect(engineOf(other)).toBeUndefined()
  })
})
