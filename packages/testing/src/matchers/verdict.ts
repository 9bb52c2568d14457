import { InvalidOptionError } from '@poolsafe/core'

/** The result of a matcher. */
export interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

/** @throws InvalidOptionError for a value that is not a function */
export function checkFunction(matcher: string, given: unknown): () => unknown {
  if (typeof given === 'function') return given as () => unknown
  throw new InvalidOptionError(`${matcher}: the value of expect()`, given, 'a function that sends statements')
}
