import type { Failure } from '../../failure.ts'

/** An error message of a pooler's own, and its meaning. */
export interface Refusal extends Failure {
  /** Matches the message. */
  readonly says: RegExp
  /** Matches the SQLSTATEs that the pooler sends with it. An error without any counts as well. */
  readonly codes: RegExp
}

/** A refusal without the codes, which all of a pooler's have in common. */
export type Words = Omit<Refusal, 'codes'>

export function withCodes(codes: RegExp, words: readonly Words[]): readonly Refusal[] {
  return words.map((each) => ({ ...each, codes }))
}
