import type { Engine } from '@poolsafe/core/adapter'
import {
  callSiteOf,
  newestHolding,
  origins,
  seconds,
  type Checkout,
  type Holdable,
  performance,
} from '@poolsafe/core/internal'
import type { Life } from './living-client.ts'
import { sqlOf } from './query-watch.ts'
import type { ClientLike, DriverFunction } from './types.ts'

/** Remembers the call site of a release, if call sites are wanted. */
export function locateRelease({ home: { gate } }: Life, checkout: Checkout<ClientLike>, entry: DriverFunction): void {
  if (gate.record.sites.mayWant) checkout.releaseSite = gate.record.sites.of(origins.getStore(), entry)
}

/**
 * Judges a statement on a client whose sender may have released it.
 *
 * @param entry the function that the application called
 * @returns the error that must refuse it
 */
export function refuseMisuse(life: Life, guard: Engine, config: unknown, entry: DriverFunction): Error | undefined {
  const released = life.released ?? releasedEarlier(life)
  return released === undefined
    ? undefined
    : guard.refuseCall('usedAfterRelease', entry, describe(life, released), sqlOf(config))
}

/**
 * Judges a release by a caller that has released the client before. Another caller holds the same object by now.
 *
 * @returns the error that must refuse it
 */
export function refuseSecondRelease(life: Life, guard: Engine, entry: DriverFunction): Error | undefined {
  const released = releasedEarlier(life)
  return released === undefined ? undefined : guard.refuseCall('releasedTwice', entry, describe(life, released))
}

/** Returns how long ago a client was released, and by which call site: `12 ms ago by src/orders.ts:14:5`. */
function describe(life: Life, released: Holdable): string {
  const by = [released.operation, callSiteOf({ site: released.releaseSite })]
    .filter((part) => part !== undefined)
    .join(' at ')
  const who = by === '' ? 'by a call whose call site was not remembered (the next one will be)' : `by ${by}`
  life.home.gate.record.sites.strike([released])
  return `${seconds(performance.now() - (released.releasedAt ?? 0))} ago ${who}`
}

/**
 * Returns the earlier checkout of a caller that uses the client after releasing it. Another caller holds the same
 * client object by now, so the async context decides: this caller has released this connection, and the present holder
 * belongs to another flow of calls.
 */
function releasedEarlier({ followed, id }: Life): Holdable | undefined {
  const newest = newestHolding()
  if (followed === undefined || newest === undefined || newest === followed) return undefined
  const isOther = newest.state === 'over' && newest.connectionId === id && newest.family !== followed.family
  return isOther ? newest : undefined
}
