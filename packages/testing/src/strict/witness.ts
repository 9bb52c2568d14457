import { shared } from '@poolsafe/core/internal'

/** A source of findings apart from the guards that reports with a delay: the hostile pooler. */
export interface Witness {
  /** Resolves when everything done before is reported. */
  settled(): Promise<void>
}

/**
 * Process-wide because a test may start a witness from another copy of this package than the one that ends the test.
 */
const witnesses = shared('testing.witnesses', () => new Set<Witness>())

/** Lets tests end only after the witness has reported everything. @returns a function that removes the witness */
export function call(witness: Witness): () => void {
  witnesses.add(witness)
  return () => void witnesses.delete(witness)
}

/** Resolves when all witnesses have reported. A witness reports its own failure. */
export async function hearWitnesses(): Promise<void> {
  if (witnesses.size > 0) await Promise.allSettled([...witnesses].map((witness) => witness.settled()))
}
