import type { FindingEvent } from '@poolsafe/core'
import { afterEach, describe, expect, it } from 'vitest'
import {
  closeAllScopes,
  closeScope,
  currentScope,
  hold,
  isAllowed,
  openScope,
  outsideScopes,
  runIn,
  type Scope,
} from './scope.ts'

afterEach(closeAllScopes)

/** A file in which two tests run. */
function twoTests(): { file: Scope; one: Scope; two: Scope } {
  const file = openScope('the file', undefined)
  return { file, one: openScope('one', file), two: openScope('two', file) }
}

const event = {} as FindingEvent

describe('the scope that answers', () => {
  it('is that of the async context', () => {
    const { one, two } = twoTests()
    expect([runIn(one, currentScope), runIn(two, currentScope)]).toEqual([one, two])
  })

  it('is the one that runs, where the context has none, that of an ended test, or the file’s', () => {
    const { file, one, two } = twoTests()
    closeScope(one)
    expect([currentScope(), runIn(one, currentScope), runIn(file, currentScope)]).toEqual([two, two, two])
  })

  it('is the file if the test among several is unknown', () => {
    const { file } = twoTests()
    expect([currentScope(), runIn(file, currentScope)]).toEqual([file, file])
  })

  it('is none when no file runs', () => {
    expect(currentScope()).toBeUndefined()
  })
})

describe('a finding', () => {
  it('names the test that had ended, where its context is left', () => {
    const { one, two } = twoTests()
    closeScope(one)
    runIn(one, () => hold(event))
    expect(two.found).toEqual([{ event, startedBy: 'one' }])
  })

  it('that a witness tells is held against the test that runs', () => {
    const { file, one, two } = twoTests()
    closeScope(one)
    runIn(file, () => outsideScopes(() => hold(event)))
    expect(two.found).toEqual([{ event, startedBy: undefined }])
  })
})

describe('an exception', () => {
  it('is for its test, and that of a file for every test in it', () => {
    const { file, one, two } = twoTests()
    one.allowances.push({ rule: 'session/set', reason: 'a', stack: '', isUsed: false })
    file.allowances.push({ rule: 'session/listen', reason: 'b', stack: '', isUsed: false })
    const allowedIn = (scope: Scope): boolean[] =>
      (['session/set', 'session/listen'] as const).map((rule) => runIn(scope, () => isAllowed(rule)))
    expect([allowedIn(one), allowedIn(two)]).toEqual([
      [true, true],
      [false, true],
    ])
    expect([one, file].map(({ allowances }) => allowances[0]?.isUsed)).toEqual([true, true])
  })
})
