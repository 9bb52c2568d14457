/** Somebody beside the guards who finds what tests do, and tells it a little later: the hostile pooler. */
export interface Witness {
  /** Resolves when everything is told that was done before. */
  settled(): Promise<void>
}

const key = Symbol.for('poolsafe.testing.witnesses')
const holder = globalThis as { [key]?: Set<Witness> }

/** Shared by every copy of this package in the process. */
const witnesses = (holder[key] ??= new Set())

/** From now on, a test ends when the witness has told all of it. @returns what dismisses the witness */
export function call(witness: Witness): () => void {
  witnesses.add(witness)
  return () => void witnesses.delete(witness)
}

/** Resolves when all witnesses have told what was done before. One that fails has its own way to say so. */
export async function hearWitnesses(): Promise<void> {
  if (witnesses.size > 0) await Promise.allSettled([...witnesses].map((witness) => witness.settled()))
}
