import { expect, it } from 'vitest'
import { runModel } from './model/run-model.ts'

const steps = 1_000_000
const seed = 20_261_121

it('loses no wake-up and no connection, and gives none to two callers, in a million random steps', () => {
  const { faults, ...counts } = runModel(steps, seed)
  expect(faults).toEqual([])
  // Everything that can happen did.
  for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(steps / 1000)
}, 600_000)
