// Registers the matchers without strict mode: `setupFiles: ['@poolsafe/testing/matchers']`. Strict mode registers them
// too.
import { expect } from 'vitest'
import { matchers } from './matchers/matchers.ts'

expect.extend(matchers)

export type { PoolsafeMatchers, RepetitionOptions, StatementContext } from './matchers/matchers.ts'
