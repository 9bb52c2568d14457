import type { Analysis, Engine, Entry, Move } from '@poolsafe/core/adapter'
import { keptBy } from '@poolsafe/core/internal'
import { knownLifeOf } from '../living-client.ts'
import { checkoutKey, type GatedClient } from '../present-checkout.ts'
import type { Arguments, ClientLike } from '../types.ts'
import type { ClientMover } from './client-mover.ts'
import { canHandBack } from './hand-back.ts'
import type { MovableHome } from './internals.ts'
import { MovedCheckout } from './moved-checkout.ts'
import { recordOf } from './wire-record.ts'

/** Moves the checkouts of one client to direct connections. */
export class Mover implements ClientMover {
  moved: MovedCheckout | undefined
  readonly #client: ClientLike
  readonly #guard: Engine
  readonly #home: MovableHome

  constructor(client: ClientLike, guard: Engine, home: MovableHome) {
    this.#client = client
    this.#guard = guard
    this.#home = home
  }

  /** A hook or an event of the pool may use a client before the application holds it. Such a client does not move. */
  get staysFor(): string | undefined {
    const { [checkoutKey]: checkout } = this.#client as GatedClient
    if (checkout?.state !== 'held')
      return 'a connection that a hook or a listener of the pool uses does not move to the direct pool'
    if (this.moved !== undefined || !canHandBack(this.#client))
      return 'this connection is lost or must be closed, so it does not move to the direct pool'
    return undefined
  }

  note(analysis: Analysis): void {
    const kept = keptBy(this.#guard.pooler, analysis)
    const { connection } = this.#client as { readonly connection?: object }
    if (kept === undefined || connection === undefined) return
    const record = recordOf(connection)
    for (const name of kept.settings) record.settings.add(name)
    record.other ??= kept.other[0]
  }

  move(
    args: Arguments,
    move: Move,
    sendPooled: (args: Arguments) => unknown,
    entry: Entry,
  ): { readonly result: unknown } | undefined {
    if (!canHandBack(this.#client)) return undefined
    const { other } = recordOf(this.#client.connection)
    const { gate, direct } = this.#home
    if (other !== undefined) {
      this.#guard.warnOnce(
        `a checkout of pool ${gate.record.name} stays on its pooled connection: the pooler keeps what ${other} has left for this client, and a direct connection does not have it. Send ${other} after the checkout has moved, or on a connection of its own`,
      )
      return undefined
    }
    const life = knownLifeOf(this.#client)
    if (life === undefined) return undefined
    const moved = new MovedCheckout(this.#client, this.#home, {
      sendPooled,
      leave: () => this.#guard.moved(move, { pool: gate.record.name ?? '', directPool: direct.name }, entry),
      stay: () => {
        this.moved = undefined
        life.movedTo = undefined
      },
    })
    this.moved = moved
    life.movedTo = moved
    return { result: moved.begin(args, entry) }
  }
}
