import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The names of the configuration file, in the order in which one folder is searched. */
export const configNames = [
  'poolsafe.config.ts',
  'poolsafe.config.mts',
  'poolsafe.config.js',
  'poolsafe.config.mjs',
  'poolsafe.config.cjs',
  'poolsafe.config.json',
] as const

/** Returns the nearest configuration file, from a folder upwards; `undefined` if there is none. */
export function findConfig(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = configNames.map((name) => join(at, name)).find((path) => existsSync(path))
    if (found !== undefined) return found
    if (dirname(at) === at) return undefined
  }
}
