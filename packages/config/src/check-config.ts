import { createGuard, InvalidOptionError, type CheckoutOptions, type GuardOptions } from '@poolsafe/core'
import { namesOf, resolveFrom, resolveLimits, type OptionTable } from '@poolsafe/core/internal'
import { resolveCheck, type CheckConfig } from './check-options.ts'
import type { PoolsafeConfig } from './options.ts'

type Checked = Required<PoolsafeConfig>

const table: OptionTable<PoolsafeConfig, Checked> = {
  extends: ({ extends: parents = [] }) => checkPaths('extends', parents),
  guard: ({ guard = {} }) => checkGuard(guard),
  pool: ({ pool = {} }) => checkPool(pool),
  check: ({ check = {} }) => checkOfCheck(check),
}

/**
 * Checks what a configuration file exports.
 *
 * @throws InvalidOptionError for an unknown option or an invalid value
 */
export function checkConfig(value: unknown): PoolsafeConfig {
  if (typeof value !== 'object' || value === null)
    throw new InvalidOptionError('the default export', value, `an object with the options ${namesOf(table).join(', ')}`)
  resolveFrom('the configuration', value, table)
  return value
}

function checkPaths(option: string, given: string | readonly string[]): readonly string[] {
  const paths: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (paths.every((path) => typeof path === 'string')) return paths
  throw new InvalidOptionError(option, given, 'a path, or a list of paths')
}

/** The guard checks its own options. */
function checkGuard(guard: GuardOptions): GuardOptions {
  createGuard(guard)
  return guard
}

function checkPool(pool: CheckoutOptions): CheckoutOptions {
  resolveLimits('pool', pool)
  return pool
}

function checkOfCheck(check: CheckConfig): CheckConfig {
  resolveCheck(check)
  return check
}
