import type { Guard } from '@poolsafe/core'
import type { Modules } from './modules.ts'

/** What most callers do at the time of a fault. */
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

/** Opens a layer. */
export type Open = (modules: Modules, guard: Guard, url: string) => Layer

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
