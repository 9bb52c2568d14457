import { PoolsafeError } from '@poolsafe/core'

/** A watch cannot do its work here, and would close nothing or the wrong connections. */
export class WatchRefusedError extends PoolsafeError {
  static override readonly name: string = 'WatchRefusedError'
}
