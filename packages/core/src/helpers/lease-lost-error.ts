import { PoolsafeError } from '../errors.ts'
import type { Claim } from './lease-table.ts'

/** A lease was not renewed in time, or another owner has acquired it since. */
export class LeaseLostError extends PoolsafeError {
  static override readonly name: string = 'LeaseLostError'
  readonly fencing: bigint

  constructor(claim: Claim, why: string, options?: ErrorOptions) {
    super(
      `the lease was lost: ${why}; what its holder did since may overlap with another holder's work` +
        ' (confirm() in the transaction of each write refuses a late one)',
      options,
    )
    this.fencing = claim.fencing
  }
}
