import type { Entry } from '@poolsafe/core/adapter'
import { AwaitChain, type BegunTransaction, type Holdable, type HoldingWork } from '@poolsafe/core/internal'
import type { DatabaseConnection, Driver } from 'kysely'
import { stateOf, type ConnectionState } from './guard-connection.ts'

/** A connection of an unguarded pool while Kysely holds it. */
class HeldConnection implements Holdable {
  state: Holdable['state'] = 'held'
  readonly inside: Holdable | undefined
  waitingInside = 0
  readonly owner: Driver
  begun: BegunTransaction | undefined = undefined
  readonly taken = undefined
  isOfCallback = false
  readonly family = 0
  readonly connectionId = 0
  readonly releasedAt = undefined
  readonly releaseSite = undefined
  readonly operation = undefined

  constructor(owner: Driver, inside: Holdable | undefined) {
    this.owner = owner
    this.inside = inside
  }
}

/**
 * Notes that calls in the context of `work` hold this connection from now on. A guarded pool below has noted it
 * already.
 */
export function holdConnection(driver: Driver, connection: DatabaseConnection, work: HoldingWork): void {
  const state = stateOf(connection)
  if (state === undefined || state.holding !== undefined) return
  state.holding = new HeldConnection(driver, work.inside)
  work.holds ??= state.holding
}

/** Notes that Kysely releases the connection. */
export function endHolding(state: ConnectionState): void {
  const { holding } = state
  state.holding = undefined
  state.refused = undefined
  if (holding instanceof HeldConnection) holding.state = 'over'
}

/** Notes that a BEGIN was answered. A guarded pool below notes its own. */
export function rememberBegin({ holding, transaction }: ConnectionState, entry: Entry): void {
  if (holding instanceof HeldConnection)
    holding.begun = { chain: new AwaitChain(entry), isOpen: () => transaction.isOpen }
}
