import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  CallbackError,
  InvalidOptionError,
  PoolsafeError,
  PoolsafeFault,
  findPoolsafeError,
  isPoolsafeError,
} from './errors.ts'
import { UnsafeStatementError } from './guard/unsafe-statement-error.ts'
import type { Finding } from './guard/finding.ts'
import { createGuard } from './guard/guard.ts'

const { findings } = createGuard().inspect("SET app.token = 'secret'; LISTEN orders")
const fields = {
  findings: findings as [Finding, ...Finding[]],
  statement: 'SET app.token = ?; LISTEN orders',
  pooler: 'a pooler',
}
const errors = [
  new UnsafeStatementError('unsafe', { ...fields, operation: 'User.findMany' }),
  new InvalidOptionError('mode', 'loud', "'off' or 'warn'"),
  new PoolsafeFault('think', new Error('no')),
  new CallbackError('the logger', 'threw', new Error('no')),
]

describe.each(errors.map((error) => ({ name: error.constructor.name, error })))('$name', ({ name, error }) => {
  test('is an error of poolsafe, with its own name', () => {
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(PoolsafeError)
    expect(isPoolsafeError(error)).toBe(true)
    expect(error.name).toBe(name)
    expect(String(error)).toBe(`${name}: ${error.message}`)
    expect(error.stack).toContain('errors.test.ts')
  })

  test('has no code, which would make Prisma replace it', () => {
    expect('code' in error).toBe(false)
    expect('meta' in error).toBe(false)
  })

  test('keeps its brand and its name to itself when its fields are copied', () => {
    expect(Object.keys(error)).not.toContain('name')
    expect(isPoolsafeError(Object.fromEntries(Object.entries(error)))).toBe(false)
  })
})

test('an unsafe statement tells the rule and the outcome as plain data, and every finding on request', () => {
  const [error] = errors
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    rule: 'session/set',
    outcome: 'leaks',
    statement: 'SET app.token = ?; LISTEN orders',
    pooler: 'a pooler',
    operation: 'User.findMany',
    wasSent: false,
  })
  expect(JSON.stringify(error)).not.toContain('secret')
  expect(structuredClone((error as UnsafeStatementError).findings)).toEqual(findings)
})

test('a fault keeps its cause', () => {
  const cause = new TypeError('no')
  expect(new PoolsafeFault('think', cause).cause).toBe(cause)
})

test.each<[unknown, string]>([
  ['loud', "got 'loud'"],
  [5, 'got 5'],
  [null, 'got null'],
  [undefined, 'got undefined'],
  [() => 5, 'got a function'],
  [['secret'], 'got an array'],
  [{ password: 'secret' }, 'got an object'],
  [Symbol('x'), 'got Symbol(x)'],
  [10n, 'got 10'],
])('a bad option says what came: %s', (came, message) => {
  const error = new InvalidOptionError('mode', came, "'off' or 'warn'")
  expect(error.option).toBe('mode')
  expect(error.message).toBe(`mode must be 'off' or 'warn'; ${message}`)
})

describe('recognising an error', () => {
  test('works across copies of the package', () => {
    const foreign = Object.defineProperty(new Error('of another copy'), Symbol.for('poolsafe.error'), { value: true })
    expect(isPoolsafeError(foreign)).toBe(true)
    expect(findPoolsafeError(new Error('wrapped', { cause: foreign }))).toBe(foreign)
  })

  test('goes through causes, however deep', () => {
    const [error] = errors
    let wrapped: unknown = error
    for (let level = 0; level < 100; level++) wrapped = new Error('wrapped', { cause: wrapped })
    expect(findPoolsafeError(wrapped)).toBe(error)
    expect(findPoolsafeError(error)).toBe(error)
  })

  test('ends where causes go round in a circle', () => {
    const first = new Error('first')
    first.cause = new Error('second', { cause: first })
    expect(findPoolsafeError(first)).toBeUndefined()
  })

  test.each([undefined, null, 'error', 5, {}, new Error('plain'), new Error('with a text', { cause: 'poolsafe' })])(
    'says no to %s',
    (other) => {
      expect(isPoolsafeError(other)).toBe(false)
      expect(findPoolsafeError(other)).toBeUndefined()
    },
  )
})

test('every class of errors has its name as a literal, because bundlers rename classes', () => {
  const packages = join(import.meta.dirname, '../..')
  const sources = globSync('*/src/**/*.ts', { cwd: packages }).filter((path) => !path.endsWith('.test.ts'))
  const text = sources.map((path) => readFileSync(join(packages, path), 'utf8')).join('\n')
  const classes = [...text.matchAll(/class (\w+) extends \w*Error \{([^}]*)/g)]
  expect(classes.length).toBeGreaterThan(10)
  const nameless = classes.filter(([, name = '', body = '']) => !body.includes(`readonly name: string = '${name}'`))
  expect(nameless.map(([, name]) => name)).toEqual([])
})
