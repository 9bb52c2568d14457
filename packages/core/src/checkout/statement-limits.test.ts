import { engineOf } from '../guard/brand.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { createGuard } from '../guard/guard.ts'
import { StatementTimeoutError } from './statement-errors.ts'
import {
  beginsAnew,
  hasStatementLimits,
  mayLimitItself,
  onlyBegins,
  resolveStatementLimits,
} from './statement-limits.ts'

const guard = createGuard()
beforeAll(() => guard.ready)

describe('the limits of statements', () => {
  it('are none unless they are given', () => {
    expect(hasStatementLimits(resolveStatementLimits('here'))).toBe(false)
    expect(hasStatementLimits(resolveStatementLimits('here', { poolerWaitTimeoutMillis: 1 }))).toBe(true)
  })

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31])('are no %s', (millis) => {
    expect(() => resolveStatementLimits('here', { statementTimeoutMillis: millis })).toThrow(
      /whole number of milliseconds/,
    )
  })
})

describe('the effect of a text on the limit', () => {
  it.each([
    ['BEGIN', true],
    ['start transaction isolation level serializable', true],
    ['/* why */ begin;', true],
    ['BEGIN; SELECT 1', false],
    ['SELECT 1', false],
    ['SAVEPOINT a', false],
    ['COMMIT', false],
  ])('%s only begins: %s', (sql, only) => {
    expect(onlyBegins(engineOf(guard).peek(sql))).toBe(only)
  })

  it.each([
    ['COMMIT AND CHAIN', true],
    ['ROLLBACK AND CHAIN', true],
    ['COMMIT; BEGIN', true],
    ['COMMIT', false],
    ['ROLLBACK TO a', false],
    ['SELECT 1', false],
  ])('%s begins anew: %s', (sql, anew) => {
    expect(beginsAnew(engineOf(guard).peek(sql))).toBe(anew)
  })

  it.each([
    ["set local Statement_Timeout = '1s'", true],
    ["select set_config('statement_timeout', $1, true)", true],
    ["set lock_timeout = '1s'", false],
  ])('%s may limit itself: %s', (sql, may) => {
    expect(mayLimitItself(sql)).toBe(may)
  })
})

it('an error says what became of the statement, and has no code', () => {
  const cause = new Error('canceling statement due to statement timeout')
  const error = new StatementTimeoutError(5000, 5003.2, 'SELECT ?', { wasCancelled: true, wasSent: true }, cause)
  expect(error.message).toContain('ran        5003 ms; the server cancelled it')
  expect(error).toMatchObject({ name: 'StatementTimeoutError', cause, wasCancelled: true })
  expect(error).not.toHaveProperty('code')
  const unanswered = new StatementTimeoutError(5000, 7003.2, 'SELECT ?', { wasCancelled: false, wasSent: true }, cause)
  expect(unanswered.message).toContain('the statement may still be running')
  expect(unanswered.message).toContain('network')
  expect(unanswered.message).not.toContain('lock')
  const unsent = new StatementTimeoutError(5000, 5003.2, 'SELECT ?', { wasCancelled: false, wasSent: false }, cause)
  expect(unsent.message).toContain('the call can be made again')
})
