import type { Analysis } from '../analyze/analysis.ts'

/**
 * Follows a connection's transaction by the statements that are sent on it, for where the server's own status is not at
 * hand or not up to date: behind an ORM's driver, or while earlier statements are still on their way.
 */
export class TransactionTrack {
  isOpen = false

  /** A statement is sent. */
  sent({ transaction }: Analysis): void {
    if (transaction !== 'keeps') this.isOpen = transaction === 'opens'
  }
}
