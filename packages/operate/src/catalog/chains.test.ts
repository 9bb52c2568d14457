import type { DetectedEffect } from '@poolsafe/core/adapter'
import { describe, expect, it } from 'vitest'
import { Chains } from './chains.ts'

type Calls = Readonly<Record<string, readonly string[]>>

/** Judges routines that call each other; `lock` changes the session. */
function chainsOf(calls: Calls): { left: (routine: string) => string[]; judged: () => number } {
  let judged = 0
  const chains: Chains = new Chains((code) => {
    judged++
    const routine = 'routine' in code ? code.routine : ''
    const own = routine === 'lock' ? [{ what: 'lock' } as DetectedEffect] : []
    const reached = (calls[routine] ?? []).flatMap((called) => chains.judge({ routine: called }).left)
    const left = [...own, ...reached].slice(0, 1)
    return { effects: left, left }
  })
  return { left: (routine) => chains.judge({ routine }).left.map(({ what }) => what), judged: () => judged }
}

describe('chains of calls', () => {
  it('that come back know the same of each routine', () => {
    const { left } = chainsOf({ a: ['b'], b: ['a', 'c'], c: ['b', 'lock'] })
    for (const routine of ['a', 'b', 'c']) expect(left(routine)).toEqual(['lock'])
  })

  it('are followed once, not in each order', () => {
    const names = Array.from({ length: 20 }, (_, index) => `r${index}`)
    const { left, judged } = chainsOf(
      Object.fromEntries(names.map((name) => [name, name === 'r19' ? ['lock'] : names])),
    )
    for (const name of names) expect(left(name)).toEqual(['lock'])
    expect(judged()).toBeLessThan(20 * 21)
  })

  it('may be long', () => {
    const links = Array.from({ length: 500 }, (_, index): [string, string[]] => [`r${index}`, [`r${index + 1}`]])
    const { left } = chainsOf(Object.fromEntries([...links, ['r500', ['lock']]]))
    expect(left('r0')).toEqual(['lock'])
  })
})
