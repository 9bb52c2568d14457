import { InvalidOptionError } from '@poolsafe/core'

/** What a matcher answers to `expect`. */
export interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

/** @throws InvalidOptionError for what cannot be run */
export function checkFunction(matcher: string, given: unknown): () => unknown {
  if (typeof given === 'function') return given as () => unknown
  throw new InvalidOptionError(`${matcher}: the value of expect()`, given, 'a function that sends statements')
}
