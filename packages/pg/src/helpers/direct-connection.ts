import { InvalidOptionError, poolers, PoolsafeError, type DetectedPooler } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'
import { sessionTexts } from '@poolsafe/core/internal'
import type { ClientLike } from '../types.ts'
import { isPool, runOn, type HelperPool } from './pg-database.ts'

/** A connection that had to be a session of its own goes through a pooler in transaction mode. */
export class PooledConnectionError extends PoolsafeError {
  static override readonly name: string = 'PooledConnectionError'

  constructor(what: string, because: string) {
    super(
      `${what} needs a direct connection, and this one goes through a pooler: ${because}.` +
        ' Give a pool on the unpooled URL. For a pooler in session mode, pass { sessionPooler: true }',
    )
  }
}

export interface DirectOptions {
  /**
   * The pool goes through a pooler in session mode, whose process ids are not the server's. What the URL and the login
   * say is still checked. @default false
   */
  readonly sessionPooler?: boolean
}

/**
 * Checks what can be known before a connection is opened: the pool's guard and its URL.
 *
 * @throws InvalidOptionError for a value that is no pool; PooledConnectionError
 */
export function checkDirectPool(what: string, pool: unknown): asserts pool is HelperPool {
  if (!isPool(pool))
    throw new InvalidOptionError(`${what}: direct`, pool, 'a pool of node-postgres on the unpooled URL')
  const { pooler } = (engineOf(pool) ?? {}) as {
    readonly pooler?: { readonly label: string; readonly carries: { readonly listen: string } }
  }
  if (pooler !== undefined && pooler.carries.listen !== 'kept')
    throw new PooledConnectionError(what, `it is guarded for ${pooler.label}`)
  const { options } = pool as { readonly options?: { readonly connectionString?: unknown } }
  const url = options?.connectionString
  refuse(what, typeof url === 'string' ? poolers.detect({ url }) : undefined)
}

/**
 * Checks a connection: behind a pooler, the process id that the login gave is not that of the server process.
 *
 * @throws PooledConnectionError
 */
export async function checkDirectClient(what: string, client: ClientLike, options: DirectOptions): Promise<void> {
  if (options.sessionPooler === true) return
  const { processID } = client as { readonly processID?: number }
  const [row] = await runOn(client)(sessionTexts.backendPid)
  if (typeof processID === 'number')
    refuse(what, poolers.detect({ processId: processID, backendPid: Number(row?.['pid']) }))
}

function refuse(what: string, detected: DetectedPooler | undefined): void {
  if (detected !== undefined && detected.profile.carries.listen !== 'kept')
    throw new PooledConnectionError(what, detected.because)
}
