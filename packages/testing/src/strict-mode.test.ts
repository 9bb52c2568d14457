import { engineOf } from '@poolsafe/core/adapter'
import { strictness } from '@poolsafe/core/internal'
import { createGuard, UnsafeStatementError, type Guard } from '@poolsafe/core'
import { afterEach, describe, expect, it } from 'vitest'
import { StrictModeError } from './strict/strict-mode-error.ts'
import { demandStrictMode, enterStrictMode, type StrictMode } from './strict-mode.ts'

const entered: StrictMode[] = []

afterEach(() => {
  for (const mode of entered.splice(0)) mode.leave()
})

function enter(): StrictMode {
  const mode = enterStrictMode()
  entered.push(mode)
  return mode
}

function send(guard: Guard): void {
  const sql = 'SET search_path = tenant'
  const error = engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { pinned: false }, send)
  if (error !== undefined) throw error
}

describe('enterStrictMode', () => {
  it('makes guards strict that exist, and those to come', () => {
    const existing = createGuard()
    enter()
    expect([existing.mode, createGuard({ mode: 'warn' }).mode]).toEqual(['strict', 'strict'])
  })

  it('asserts that nothing was found, and tells each finding once', () => {
    const mode = enter()
    expect(() => mode.assertNone()).not.toThrow()
    expect(() => send(createGuard())).toThrow(UnsafeStatementError)
    expect(() => mode.assertNone()).toThrow(
      /^the application sent a statement that is unsafe[^]*session\/set[^]*instead/,
    )
    expect(() => mode.assertNone()).not.toThrow()
    expect(mode.findings).toHaveLength(1)
  })

  it('throws an error that has the findings', () => {
    const mode = enter()
    expect(() => send(createGuard())).toThrow(UnsafeStatementError)
    let thrown: unknown
    try {
      mode.assertNone()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(StrictModeError)
    expect((thrown as StrictModeError).findings).toEqual(mode.findings)
  })

  it('gives guards their own mode back', () => {
    const guard = createGuard({ mode: 'warn' })
    enter().leave()
    expect(guard.mode).toBe('warn')
  })

  it('collects what was found although the application caught the error', () => {
    const mode = enter()
    expect(() => send(createGuard())).toThrow(UnsafeStatementError)
    expect(mode.findings.map(({ findings, refused }) => [findings[0].rule, refused])).toEqual([['session/set', true]])
  })

  it('collects nothing after it was left', () => {
    const [left, active] = [enter(), enter()]
    left.leave()
    expect(() => send(createGuard())).toThrow(UnsafeStatementError)
    expect([left.findings.length, active.findings.length]).toEqual([0, 1])
  })

  it.each([
    ['the first first', [0, 1]],
    ['the last first', [1, 0]],
  ])('ends when all who entered have left, %s', (_name, order) => {
    const guard = createGuard({ mode: 'warn' })
    const modes = [enter(), enter()]
    const seen = order.map((index) => {
      modes[index]?.leave()
      return guard.mode
    })
    expect(seen).toEqual(['strict', 'warn'])
  })

  it('is left once however often it is left', () => {
    const guard = createGuard({ mode: 'warn' })
    const first = enter()
    enter()
    first.leave()
    first.leave()
    expect(guard.mode).toBe('strict')
  })
})

describe('demandStrictMode', () => {
  it('holds without anyone who hears of the findings', () => {
    const takeBack = demandStrictMode()
    expect(() => send(createGuard())).toThrow(UnsafeStatementError)
    takeBack()
    expect(strictness.current).toBeUndefined()
  })
})
