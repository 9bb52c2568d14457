import type { Site } from '@poolsafe/core/adapter'
import { callSiteOf, performance, seconds } from '@poolsafe/core/internal'

/** The end of a stay on a connection. */
export interface Release {
  /** On the clock of `performance.now()`. */
  readonly at: number
  readonly site: Site
}

/** Returns how long ago a connection was released, and by which call site: `12 ms ago by src/orders.ts:14:5`. */
export function earlierBy(released: Release): string {
  return `${seconds(performance.now() - released.at)} ago by ${callSiteOf(released) ?? 'an unknown call site'}`
}
