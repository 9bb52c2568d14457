import { poolers, type PoolerProfile } from '@poolsafe/core'
import { unknownName } from './unknown-name.ts'

const { detect: _detect, ...factories } = poolers

/** The names on the command line, such as `rds-proxy`, with their factories. */
const byName: ReadonlyMap<string, Factory> = new Map(
  Object.entries(factories).map(([name, factory]) => [toKebab(name), factory as Factory]),
)

interface Factory {
  (options?: { readonly version?: string }): PoolerProfile
  readonly forms: readonly { readonly profile: () => PoolerProfile }[]
}

/** The names that `--pooler` and `POOLSAFE_POOLER` accept. */
export const poolerNames: readonly string[] = [...byName.keys()]

/**
 * Returns the profile of a name on the command line or in the environment: `pgbouncer`, or `pgbouncer@1.24` with its
 * version.
 *
 * @param option the option or variable that has the name, for messages
 * @throws UsageError for an unknown name
 * @throws InvalidOptionError for a version that the pooler does not have
 */
export function poolerNamed(text: string, option: string = '--pooler'): PoolerProfile {
  const [name = '', version] = text.split('@')
  const factory = byName.get(toKebab(name))
  if (factory === undefined) throw unknownName(option, 'pooler', name, poolerNames)
  return version === undefined ? factory() : factory({ version })
}

/** Returns every profile that differs from the others, in the order of the documentation. */
export function everyPooler(): PoolerProfile[] {
  return [...byName.values()].flatMap(({ forms }) => forms.map(({ profile }) => profile()))
}

function toKebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/^-/, '')
}
