import { engineOf } from '../../guard/brand.ts'
import { describe, expect, it } from 'vitest'
import { createGuard, InvalidOptionError, withRequestScope, type Guard, type RepeatedQueryEvent } from '../../index.ts'
import { openRequest, RequestScope } from './request-scope.ts'

const nothing = (): void => undefined

/** Sends as an adapter does. */
function send(guard: Guard, sql: string): void {
  const { observer } = engineOf(guard)
  const execution = observer?.begin(sql, 'pg', send)
  if (execution !== undefined) observer?.end(execution)
}

describe('withRequestScope', () => {
  it('gives back what its function gives: a value, a promise, an error', async () => {
    expect(withRequestScope(() => 7)).toBe(7)
    expect(await withRequestScope({ name: 'a', tag: 'b' }, async () => 7)).toBe(7)
    const error = new Error('no such order')
    const failing = (): never => {
      throw error
    }
    expect(() => withRequestScope(failing)).toThrow(error)
    await expect(withRequestScope(() => Promise.reject(error))).rejects.toBe(error)
  })

  it('awaits inside what starts when it is awaited', async () => {
    const seen: (string | undefined)[] = []
    const lazy: PromiseLike<number> = {
      // oxlint-disable-next-line unicorn/no-thenable -- as Prisma's promises are
      then: (resolved, rejected) => {
        seen.push(openRequest()?.name)
        return Promise.resolve(7).then(resolved, rejected)
      },
    }
    expect(await withRequestScope({ name: 'GET /' }, () => lazy)).toBe(7)
    expect(seen).toEqual(['GET /'])
  })

  it('is over when its function is, also for what keeps its context', async () => {
    const later: Promise<unknown>[] = []
    const note = async (): Promise<void> => {
      await new Promise(setImmediate)
      expect(openRequest()).toBeUndefined()
    }
    withRequestScope({ name: 'GET /' }, () => void later.push(note()))
    await expect(withRequestScope(() => Promise.reject(new Error('no such order')))).rejects.toThrow()
    await Promise.all(later)
    expect(openRequest()).toBeUndefined()
  })

  it.each([
    [() => withRequestScope('GET /' as never), 'withRequestScope(): fn must be a function, which runs the statements'],
    [
      () => withRequestScope({ name: 'GET /' }, 'fn' as never),
      'withRequestScope(): fn must be a function, which runs the statements',
    ],
    [() => withRequestScope({ name: 7 } as never, nothing), 'withRequestScope(): name must be a text; got 7'],
    [() => withRequestScope({ tag: '' }, nothing), "withRequestScope(): tag must be a text; got ''"],
    [() => withRequestScope({ nam: 'a' } as object, nothing), "did you mean 'name'?"],
    [() => withRequestScope('GET /' as never, nothing), 'withRequestScope(): options must be an object'],
  ])('refuses what cannot be: %s', (act, message) => {
    expect(act).toThrow(InvalidOptionError)
    expect(act).toThrow(message)
  })
})

describe('a request scope', () => {
  it('asks for its name until it is over, and lets go of what tells it', () => {
    let name = 'GET'
    const scope = new RequestScope({ name: () => name })
    name = 'GET /orders/:id'
    scope.end()
    name = 'another'
    expect(scope.name).toBe('GET /orders/:id')
  })

  it('breaks nothing where a listener or a logger throws', () => {
    const warned: unknown[] = []
    const failing = {
      warn: (message: string): never => {
        warned.push(message)
        throw new Error('disk full')
      },
    }
    const guard = createGuard({ observe: { repeatedQueryLimit: 1 }, logger: failing })
    guard.on('repeatedQuery', () => {
      throw new Error('no listener')
    })
    const result = withRequestScope(() => {
      for (const id of [1, 2, 3]) send(guard, `SELECT ${id}`)
      return 'done'
    })
    expect(result).toBe('done')
    expect(guard.stats().repeatedQueries).toBe(1)
  })

  it('does not hold what it counted when it is over', () => {
    const guard = createGuard({ observe: { repeatedQueryLimit: 1 }, logger: { warn: nothing } })
    const repeated: RepeatedQueryEvent[] = []
    guard.on('repeatedQuery', (event) => void repeated.push(event))
    const scope = new RequestScope()
    scope.run(() => {
      for (const id of [1, 2, 3]) send(guard, `SELECT ${id}`)
    })
    scope.end()
    scope.run(() => {
      for (const id of [1, 2, 3]) send(guard, `SELECT ${id}`)
    })
    scope.end()
    expect(repeated).toMatchObject([{ count: 3 }])
  })
})
