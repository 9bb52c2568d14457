import { PoolsafeError } from '@poolsafe/core'

/** The command line or the configuration is wrong. The command prints the message and exits with 2. */
export class UsageError extends PoolsafeError {
  static override readonly name: string = 'UsageError'
}
