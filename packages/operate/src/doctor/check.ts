/** - `ok`, `warning`, `failure` - `unseen`: a right or a number is missing, `why` says which */
export type CheckStatus = 'ok' | 'warning' | 'failure' | 'unseen'

/** One item of the report. Plain data. */
export interface Check {
  /** `<part>/<thing>`; never changes. */
  readonly id: string
  readonly status: CheckStatus
  /** The result, with its numbers. */
  readonly found: string
  /** The cause. Absent for `ok`. */
  readonly why?: string
  /** The remedy. Absent for `ok`. */
  readonly remedy?: string
}

export function ok(id: string, found: string): Check {
  return { id, status: 'ok', found }
}

export function unseen(id: string, found: string, why: string, remedy: string): Check {
  return { id, status: 'unseen', found, why, remedy }
}

/** The texts of a check that is not fulfilled. */
interface Wrong {
  readonly status?: 'warning' | 'failure'
  readonly why: string
  readonly remedy: string
}

/** Returns `ok` if the condition holds, otherwise a failure or a warning. */
export function expecting(id: string, isFulfilled: boolean, found: string, wrong: Wrong): Check {
  return isFulfilled
    ? ok(id, found)
    : { id, status: wrong.status ?? 'failure', found, why: wrong.why, remedy: wrong.remedy }
}
