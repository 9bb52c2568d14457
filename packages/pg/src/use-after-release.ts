import { callSiteOf, newestHolding, processWide, seconds, type Guard, type Released } from '@poolsafe/core'
import type { ClientLife } from './client-life.ts'
import { sqlOf } from './query-watch.ts'
import type { DriverFunction } from './types.ts'

/** The release of a stay, with its call site where those are remembered. */
export function releasedBy({ home: { gate } }: ClientLife, entry: DriverFunction): Released {
  const origin = processWide.origins.getStore()
  const site = gate.sites.of(origin, entry)
  return { at: performance.now(), operation: origin?.operation, callSite: callSiteOf({ site }) }
}

/**
 * Judges a statement on a client whose sender may have released it.
 *
 * @param entry the function that the application called
 * @returns the error that must refuse it
 */
export function refuseMisuse(life: ClientLife, guard: Guard, config: unknown, entry: DriverFunction): Error | undefined {
  const released = life.released ?? releasedEarlier(life)
  if (released === undefined) return undefined
  const { at, operation, callSite } = released
  const by = [operation, callSite].filter((part) => part !== undefined).join(' at ')
  const who = by === '' ? 'by a call whose call site was not remembered (the next one will be)' : `by ${by}`
  life.home.gate.sites.strike([released])
  return guard.refuseCall('usedAfterRelease', entry, `${seconds(performance.now() - at)} ago ${who}`, sqlOf(config))
}

/**
 * The client is another caller's by now, and it is the same object. The asynchronous context tells them apart: this one has released this
 * very connection, and whoever holds it now does not belong to the same flow of calls.
 */
function releasedEarlier({ followed, id }: ClientLife): Released | undefined {
  const newest = newestHolding()
  if (followed === undefined || newest === undefined || newest === followed) return undefined
  const isOther = newest.state === 'over' && newest.connectionId === id && newest.family !== followed.family
  return isOther ? newest.released : undefined
}
