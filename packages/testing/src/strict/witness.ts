import { shared } from '@poolsafe/core/adapter'

/** Somebody beside the guards who finds what tests do, and tells it a little later: the hostile pooler. */
export interface Witness {
  /** Resolves when everything is told that was done before. */
  settled(): Promise<void>
}

/** Process-wide because a test may start a witness from another copy of this package than the one that ends the test. */
const witnesses = shared('testing.witnesses', () => new Set<Witness>())

/** From now on, a test ends when the witness has told all of it. @returns what dismisses the witness */
export function call(witness: Witness): () => void {
  witnesses.add(witness)
  return () => void witnesses.delete(witness)
}

/** Resolves when all witnesses have told what was done before. One that fails has its own way to say so. */
export async function hearWitnesses(): Promise<void> {
  if (witnesses.size > 0) await Promise.allSettled([...witnesses].map((witness) => witness.settled()))
}
