import type { PoolsafeError } from '@poolsafe/core'
import type { ClientMover } from './direct/client-mover.ts'
import type { Life } from './living-client.ts'
import type { TransactionStatus } from './transaction-status.ts'

/** The state of one guarded client. */
export interface ClientState {
  /** The connection's life, if the client belongs to a guarded pool. */
  readonly life: Life | undefined
  readonly transaction: TransactionStatus
  /** True if the client is lent to `pool.query`, which judges its transaction commands itself. */
  isLent: boolean
  /** The argument that `pool.query` has judged; sent once. */
  lentFor: unknown
  /** The error of a statement that was refused since the client was acquired: the caller has it already. */
  refused: PoolsafeError | undefined
  /** Moves its checkouts to direct connections; `undefined` if the pool has none. */
  readonly mover: ClientMover | undefined
}
