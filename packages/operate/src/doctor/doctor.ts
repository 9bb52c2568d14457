import type { Unseen } from '../ask/ask.ts'
import type { Check } from './check.ts'
import { checkDatabase } from './check-database.ts'
import { checkPgBouncer } from './check-pgbouncer.ts'
import { checkPooler } from './check-pooler.ts'
import { checkSums } from './check-sums.ts'
import { gatherFacts } from './facts.ts'
import { checkDoctorOptions, type DoctorOptions } from './options.ts'

/** The results of a doctor. Plain data. */
export interface DoctorReport {
  readonly checks: readonly Check[]
  /** The questions that could not be asked, and why. */
  readonly unseen: readonly Unseen[]
}

/**
 * Checks an application's way to its database: the pooler and its settings, timeouts, sums of connections, sessions and
 * versions. Only reads, in one transaction, and leaves nothing on the connections.
 *
 * @throws InvalidOptionError for an unknown option and for a number below 1
 * @throws DatabaseUnreadableError if the database does not answer
 */
export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  checkDoctorOptions(options)
  const facts = await gatherFacts(options)
  const checks = [checkPooler, checkPgBouncer, checkSums, checkDatabase].flatMap((check) => check(facts))
  return { checks, unseen: facts.unseen }
}
