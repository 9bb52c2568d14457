import { cells } from './cells.ts'
import type { PoolerProfile } from './profile.ts'

/** Any transaction pooler at its worst: nothing is tracked, everything leaks. The default. */
export function strictest(): PoolerProfile {
  return {
    name: 'strictest',
    label: 'any transaction pooler (strictest profile: nothing is tracked)',
    ...cells(['leaks', 'assumed: the worst of all poolers'], {
      'startup-parameter': ['ignored', 'assumed: the worst of all poolers'],
    }),
    trackedSettings: new Set(),
  }
}
