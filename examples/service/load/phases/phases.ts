/** One part of the load. */
export interface Phase {
  readonly name: string
  readonly seconds: number
  /** Requests a second that keep a connection while the payment provider works. */
  readonly payments: number
  /** Requests a second that read an order: two short statements. */
  readonly reads: number
}

/** How long the payment provider takes, in milliseconds. */
export const chargeMillis = 400

/**
 * A load test in five phases: the process gets warm, the ordinary load, the busiest hour, more than the pool can carry,
 * and the ordinary load again. Five connections carry at most 5 / 0.4 s = 12 payments a second.
 */
export const phases: readonly Phase[] = [
  { name: 'warm-up', seconds: 10, payments: 3, reads: 3 },
  { name: 'steady', seconds: 90, payments: 6, reads: 4 },
  { name: 'peak', seconds: 90, payments: 9, reads: 4 },
  { name: 'spike', seconds: 10, payments: 20, reads: 4 },
  { name: 'recovery', seconds: 30, payments: 6, reads: 4 },
]
