import type { ServerSession } from './server-session.ts'
import {
  capabilitiesQuery,
  loadedLibrariesQuery,
  snapshotQuery,
  toCapabilities,
  toHeld,
  type Capabilities,
  type Held,
} from './snapshot.ts'

/** A change in a session since the previous inspection. */
export interface Difference {
  /** `leaves`: it exists now or has changed; `clears`: it no longer exists. */
  readonly does: 'leaves' | 'clears'
  readonly held: Held
}

/** The known facts about a session. */
interface Known {
  readonly capabilities: Capabilities
  /** Every setting of a new session, by name. */
  readonly defaults: ReadonlyMap<string, string>
  /** The state of a new session. */
  readonly fresh: readonly Held[]
  /** The state at the previous inspection. */
  seen: readonly Held[]
}

/** Number of setting names that are remembered for later transactions. */
const maxNames = 1_000

/** The inspection runs without the client's timeouts, so the view of settings does not show them. */
const withoutTimeouts = 'SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; '

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const queryCanceled = '57014'
const retriesAtMost = 10

/** Inspects sessions outside of transactions, while no client uses them. */
export class Inspector {
  readonly #known = new WeakMap<ServerSession, Known>()
  /** Names of settings that no view shows. A setting of one client is readable by its name for another client. */
  readonly #settingNames = new Set<string>()

  /** Inspects a new session. @throws Error if it cannot be inspected */
  async begin(session: ServerSession): Promise<void> {
    const capabilities = toCapabilities(await session.query(capabilitiesQuery))
    const answer = await session.query(
      snapshotQuery({ capabilities, allSettings: true, settingNames: this.#settingNames }),
    )
    if (answer.error !== undefined) throw new Error(`a new session cannot be inspected (SQLSTATE ${answer.error})`)
    const held = toHeld(answer)
    const defaults = new Map(
      held.filter(({ state }) => state === 'setting').map(({ object, value }) => [object.toLowerCase(), value]),
    )
    const fresh = held.filter(({ state }) => state !== 'setting')
    this.#known.set(session, { capabilities, defaults, fresh, seen: fresh })
  }

  /**
   * Returns the changes since the last inspection.
   *
   * @returns the SQLSTATE of the error if the session cannot be inspected
   */
  async inspect(session: ServerSession, settingNames: Iterable<string>): Promise<readonly Difference[] | string> {
    const known = this.#known.get(session)
    if (known === undefined) return []
    for (const name of settingNames) this.#remember(name)
    const held = await this.#look(session, known.capabilities)
    if (typeof held === 'string') return held
    const differences = differ(known, held, session.restored)
    known.seen = held
    session.restored.clear()
    return this.#withoutUsualLibraries(session, differences)
  }

  /** Call it when the session was cleaned. */
  cleaned(session: ServerSession): void {
    const known = this.#known.get(session)
    if (known === undefined) return
    // DISCARD ALL does not unload a library.
    const libraries = known.seen.filter(({ state }) => state === 'library')
    known.seen = [...known.fresh.filter(({ state }) => state !== 'library'), ...libraries]
  }

  /** The name that was heard of longest ago makes room. */
  #remember(name: string): void {
    this.#settingNames.delete(name)
    this.#settingNames.add(name)
    if (this.#settingNames.size <= maxNames) return
    for (const oldest of this.#settingNames) {
      this.#settingNames.delete(oldest)
      return
    }
  }

  async #look(session: ServerSession, capabilities: Capabilities): Promise<Held[] | string> {
    const query = snapshotQuery({ capabilities, allSettings: false, settingNames: this.#settingNames })
    const first = await session.query(query)
    if (first.error === undefined) return toHeld(first)
    // A role that may not see everything, or a timeout that is shorter than the query.
    const least = { seesOrigins: false, seesLibraries: false }
    const text =
      withoutTimeouts + snapshotQuery({ capabilities: least, allSettings: false, settingNames: this.#settingNames })
    let again = await session.query(text)
    // The server starts the timeout before it parses the text, so a very short one may end even its first statement.
    for (let retries = 0; again.error === queryCanceled && retries < retriesAtMost; retries++)
      again = await session.query(text)
    return again.error ?? toHeld(again)
  }

  async #withoutUsualLibraries(
    session: ServerSession,
    differences: readonly Difference[],
  ): Promise<readonly Difference[]> {
    const loaded = differences.filter(({ held }) => held.state === 'library').map(({ held }) => held.object)
    if (loaded.length === 0) return differences
    const { rows } = await session.query(loadedLibrariesQuery(loaded))
    const unusual = new Set(rows.flat())
    return differences.filter(({ held }) => held.state !== 'library' || unusual.has(held.object))
  }
}

function differ({ defaults, seen }: Known, now: readonly Held[], restored: ReadonlyMap<string, string>): Difference[] {
  const others = differOthers(seen, now)
  const [before, after] = [settingsOf(seen), settingsOf(now)]
  const names = new Set([...before.keys(), ...after.keys()])
  const changed = [...names].flatMap((name): Difference[] => {
    const was = restored.get(name) ?? before.get(name) ?? defaults.get(name) ?? ''
    const is = after.get(name) ?? defaults.get(name) ?? ''
    if (is === was) return []
    return [{ does: after.has(name) ? 'leaves' : 'clears', held: { state: 'setting', object: name, value: is } }]
  })
  return [...changed, ...others]
}

function settingsOf(held: readonly Held[]): Map<string, string> {
  return new Map(
    held.flatMap(({ state, object, value }) => (state === 'setting' ? [[object.toLowerCase(), value]] : [])),
  )
}

function differOthers(before: readonly Held[], after: readonly Held[]): Difference[] {
  const keyOf = ({ state, object, value }: Held): string => [state, object, value].join('\0')
  const added = after.filter(({ state }) => state !== 'setting').filter(notIn(new Set(before.map(keyOf)), keyOf))
  const gone = before.filter(({ state }) => state !== 'setting').filter(notIn(new Set(after.map(keyOf)), keyOf))
  // A changed value is reported once.
  const isChanged = (held: Held): boolean =>
    added.some(({ state, object }) => state === held.state && object === held.object)
  return [
    ...added.map((held) => ({ does: 'leaves', held }) as const),
    ...gone.filter((held) => !isChanged(held)).map((held) => ({ does: 'clears', held }) as const),
  ]
}

function notIn(known: ReadonlySet<string>, keyOf: (held: Held) => string): (held: Held) => boolean {
  return (held) => !known.has(keyOf(held))
}
