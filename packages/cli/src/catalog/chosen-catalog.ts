import { resolve } from 'node:path'
import type { GuardOptions } from '@poolsafe/core'
import { readDescription, StoredCode } from '@poolsafe/core/internal'

/**
 * Returns what is known about the code in the database: by `--catalog`, otherwise by `guard.catalog` of the
 * configuration.
 *
 * @throws InvalidOptionError for a file that cannot be read or is no catalog
 */
export function chosenCatalog(
  asked: string | undefined,
  { catalog }: GuardOptions,
  cwd: string,
): StoredCode | undefined {
  const given = asked === undefined ? catalog : resolve(cwd, asked)
  return given === undefined ? undefined : new StoredCode(readDescription(given))
}
