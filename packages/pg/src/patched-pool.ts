import type { Engine, Layer } from '@poolsafe/core/adapter'
import type { callerContext, Gate } from '@poolsafe/core/internal'
import type { ClientLike, PoolLike } from './types.ts'

/** The known facts around a call of the application. */
export type CallerContext = ReturnType<typeof callerContext>

/** A pool with patched calls. */
export interface PatchedPool {
  readonly pool: PoolLike
  readonly gate: Gate<ClientLike>
  readonly guard: Engine
  /** The layer that its statements come through. */
  readonly layer: Layer
  /** True if the guard judges the statements here; otherwise a layer above does. */
  readonly isJudged: boolean
}
