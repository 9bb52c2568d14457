import type { Guard } from '@poolsafe/core'
import type pg from 'pg'
import type { Modules } from './modules.ts'

/** The activity of most callers at the time of a fault. */
export type Pose = 'busy' | 'idle' | 'inStatement' | 'inTransaction'

/** How long a statement runs, or a transaction is idle, where the pose is to be met in it. */
export const poseMillis = 400

/** Writes one row, once, under this id. Resolves when it is committed. */
export type Form = (id: string) => Promise<unknown>

/** One ORM or driver, guarded, in every form of a call that it has. */
export interface Layer {
  /** By name. Callers take turns through all of them. */
  readonly forms: Readonly<Record<string, Form>>
  readonly inStatement: Form
  readonly inTransaction: Form
  close(): Promise<void>
}

/**
 * Opens a layer.
 *
 * @param directUrl of the connections that its checkouts move to, if they do
 */
export type Open = (modules: Modules, guard: Guard, url: string, directUrl?: string) => Layer

/** Direct connections of an application. */
const directSize = 3

/** The options of a pool whose checkouts move, and the pool that they move to. */
export function directPool(
  { pg }: Modules,
  directUrl: string | undefined,
): { readonly direct: pg.Pool } | { readonly direct?: never } {
  if (directUrl === undefined) return {}
  return { direct: new pg.Pool({ connectionString: directUrl, max: directSize, application_name: 'direct' }) }
}

/** The state that a caller must not find in its session, and that it leaves there. */
export const lookAndLeave = `SELECT coalesce(current_setting('app.holder', true), '') AS holder,
  (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
  (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
  to_regclass('pg_temp.mine')::text AS temporary,
  set_config('app.holder', $1, false) AS mine`
export const leave = 'LISTEN mine; CREATE TEMP TABLE mine (a int); SELECT pg_advisory_lock_shared(7)'

const clean = JSON.stringify({ holder: '', channels: 0, locks: 0, temporary: null })

/** @throws Error for the state of another caller */
export function checkClean(found: Readonly<Record<string, unknown>> | undefined, id: string): void {
  const { mine, ...left } = found ?? {}
  if (JSON.stringify(left) !== clean || mine !== id)
    throw new Error(`the state of another caller: ${JSON.stringify(found)}`)
}

/** Every limit that there is, shorter than the faults are long. */
export const limits = {
  acquireTimeoutMillis: 1500,
  connectTimeoutMillis: 1000,
  statementTimeoutMillis: 1000,
  poolerWaitTimeoutMillis: 1000,
  idleInTransactionMillis: 3000,
  leakDetectionMillis: 5000,
  callSites: true,
  idleTimeoutMillis: 2000,
} as const

/** Connections of the application's main pool. */
export const poolSize = 6

export function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis)
  })
}
