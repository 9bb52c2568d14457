import { engineOf } from '../guard/brand.ts'
import { expect, it } from 'vitest'
import { createGuard } from '../guard/guard.ts'

/** A text that breaks whatever looks at it, as a fault of ours would. */
const breaking = {
  get length(): number {
    throw new Error('the look at a text broke')
  },
} as unknown as string

it.each(['strict', 'warn'] as const)(
  'a fault of the observer is reported once and stops nothing in mode %s',
  (mode) => {
    const guard = createGuard({ mode, logger: { warn: () => undefined } })
    const faults: unknown[] = []
    guard.on('fault', ({ cause }) => void faults.push(cause))
    const { observer } = engineOf(guard)
    const begin = (): void => {
      const execution = observer?.begin(breaking, 'pg', begin)
      if (execution !== undefined) observer?.end(execution)
    }
    begin()
    begin()
    expect(faults).toEqual([new Error('the look at a text broke')])
    expect(observer?.totalQueries).toBe(2)
  },
)

it('an error at the end of a statement is a fault as well', () => {
  const guard = createGuard({ logger: { warn: () => undefined } })
  const faults: unknown[] = []
  guard.on('fault', ({ cause }) => void faults.push(cause))
  const { observer } = engineOf(guard)
  const execution = observer?.begin('SELECT 1', 'pg', it)
  Object.freeze(execution?.shape)
  if (execution !== undefined) observer?.end(execution)
  expect(faults).toHaveLength(1)
})
