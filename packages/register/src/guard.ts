import { createGuard, type Guard } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'
import { loadConfigSync, type PoolsafeConfig } from '@poolsafe/config'
import { nameOperationsIn, watchFirstUse } from '@poolsafe/pg'
import { adopt } from './adopt.ts'
import { readEnvironment } from './environment.ts'
import { watchModules } from './modules.ts'
import { watchPostgresJs } from './postgres-js.ts'
import { recordProcess } from './record.ts'
import { watchUnreached } from './unreached.ts'

// The entry `@poolsafe/register/guard`, which the main entry loads if the process is guarded.

export type { FindingRecord, ProblemRecord, ProcessRecord, StatementRecord } from './record.ts'
export type { StartedRecord } from './started.ts'

/**
 * Guards every pool and client of node-postgres in this process, and every `sql` of postgres.js.
 *
 * @param folder where the search for `poolsafe.config.ts` begins
 * @returns the guard; `undefined` if the configuration turns it off
 * @throws UsageError or InvalidOptionError for a wrong configuration or environment
 */
export function startGuard(environment: NodeJS.ProcessEnv, folder: string): Guard | undefined {
  const settings = readEnvironment(environment)
  const { config } = loadConfigSync(folder)
  const { folder: records, rules, ...options } = settings
  const guard = createGuard({ ...config.guard, ...options, rules: { ...config.guard?.rules, ...rules } })
  if (guard.mode === 'off') return undefined
  try {
    guardProcess(guard, config, records === undefined ? undefined : recordProcess(guard, records))
  } catch (error) {
    engineOf(guard).fault('guard the process', error)
  }
  return guard
}

type Record = (place: string) => void

function guardProcess(guard: Guard, { pool }: PoolsafeConfig, record: Record | undefined): void {
  const folders = new Set<string>()
  watchModules({
    driver: ({ prototype }) => watchFirstUse(prototype, (target) => adopt(target, guard, pool)),
    folder: (folder) => folders.add(folder),
    orm: (exported) => nameCallsOf(exported, guard),
  })
  watchPostgresJs(guard, pool, (folder) => folders.add(folder))
  watchUnreached(
    (stack) => [...folders].some((folder) => stack.includes(folder)),
    (place) => {
      engineOf(guard).warn(`not guarded: ${unreached(place)}`)
      record?.(place)
    },
  )
}

/** An error here must not stop the `require` of the application. */
function nameCallsOf(exported: object, guard: Guard): void {
  try {
    nameOperationsIn(exported)
  } catch (error) {
    engineOf(guard).fault('name the calls of an ORM', error)
  }
}

function unreached(place: string): string {
  return (
    `${place} opens connections to PostgreSQL that poolsafe does not reach: another driver than node-postgres and ` +
    'postgres.js, or a copy of them inside a bundle or a test runner. Keep the driver out of the bundle, or guard the pool by hand'
  )
}
