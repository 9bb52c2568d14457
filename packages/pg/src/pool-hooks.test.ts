import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { PoolHooks } from './pool-hooks.ts'
import type { DriverFunction } from './types.ts'

describe('the functions of the application', () => {
  it('count until they fail', async () => {
    const options = { onConnect: failsLater, password: failsLater, verify: fails }
    const hooks = new PoolHooks(options)
    const [onConnect, password, verify] = [options.onConnect, options.password, options.verify] as DriverFunction[]
    const running = Promise.allSettled([onConnect?.({}), password?.()])
    expect([hooks.inHook, hooks.inPassword]).toEqual([1, 1])
    expect(() => verify?.({}, () => {})).toThrow('refused')
    expect(hooks.inHook).toBe(1)
    await running
    expect([hooks.inHook, hooks.inPassword]).toEqual([0, 0])
  })
})

function fails(): never {
  throw new Error('refused')
}

async function failsLater(): Promise<never> {
  await setImmediate()
  return fails()
}
