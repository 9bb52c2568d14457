import { engineOf } from '../../guard/brand.ts'
import { expect, it } from 'vitest'
import { createGuard } from '../../guard/guard.ts'
import { withRequestScope } from './request-scope.ts'

it('lines are taken of a repeated statement in the next hundred requests that send it, and then no more until it is repeated again', () => {
  const { observer } = engineOf(createGuard({ observe: { repeatedQueryLimit: 2 }, logger: { warn: () => undefined } }))
  /** @returns how many lines were taken of a request that sends a statement so often */
  const request = (times: number): number =>
    withRequestScope(() => {
      const send = (): boolean => {
        const execution = observer?.begin('SELECT * FROM orders WHERE id = $1', 'pg', send) ?? expect.fail()
        observer?.end(execution)
        return execution.site !== undefined
      }
      return Array.from({ length: times }, send).filter(Boolean).length
    })
  const once = (requests: number): Set<number> => new Set(Array.from({ length: requests }, () => request(1)))
  expect([request(1), request(1)]).toEqual([1, 0])
  request(5)
  expect(once(99)).toEqual(new Set([1]))
  expect(request(5)).toBe(5)
  expect(once(100)).toEqual(new Set([1]))
  expect([request(1), request(2), request(5)]).toEqual([0, 0, 3])
  expect(request(1)).toBe(1)
})
