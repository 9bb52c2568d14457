import { createGuard, poolers } from '../index.ts'
import { engineOf } from './brand.ts'
import { describe, expect, it } from 'vitest'

describe('the engine for direct connections', () => {
  const logged: string[] = []
  const guard = createGuard({ mode: 'strict', logger: { warn: (message) => void logged.push(message) } })
  const engine = engineOf(guard)
  const refuse = (by: typeof engine, sql: string): Error | undefined =>
    by.refuse(sql, by.analyze(sql), { pinned: true }, refuse)

  it('judges as behind no pooler', () => {
    expect(refuse(engine, 'LISTEN a')).toBeInstanceOf(Error)
    expect(refuse(engine.direct, 'LISTEN a')).toBeUndefined()
    expect(refuse(engine.direct, "SET LOCAL work_mem = '1GB'")?.message).not.toContain('pooler')
  })

  it('counts with the guard, and is one for each', () => {
    const before = guard.stats().findings['transaction/set-local'] ?? 0
    refuse(engine.direct, "SET LOCAL work_mem = '1GB'")
    expect(guard.stats().findings['transaction/set-local']).toBe(before + 1)
    expect([engine.direct.observer, engine.direct.pools]).toEqual([engine.observer, engine.pools])
    expect(engine.direct).toBe(engine.direct.direct)
    const ofDirect = engineOf(createGuard({ pooler: poolers.direct() }))
    expect(ofDirect.direct).toBe(ofDirect)
  })
})
