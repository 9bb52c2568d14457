import type { ServerSession } from './server-session.ts'

/** The settings that a client keeps across sessions. */
export class ClientSettings {
  readonly #tracked: ReadonlySet<string>
  /** The client's values as the server reports them, by name in lower case. */
  readonly #wanted: Map<string, string>

  /**
   * @param tracked settings that the pooler tracks
   * @param defaults values that a new session reports
   * @param given settings of the startup packet
   */
  constructor(tracked: ReadonlySet<string>, defaults: ReadonlyMap<string, string>, given: ReadonlyMap<string, string>) {
    this.#tracked = tracked
    const reported = [...defaults].map(([name, value]) => [name.toLowerCase(), value] as const)
    this.#wanted = new Map([...reported.filter(([name]) => tracked.has(name)), ...given])
  }

  /** Returns the SQL that restores the client's settings on a session; `undefined` if none differ. */
  restoration(session: ServerSession): string | undefined {
    const differing = this.#differing(session)
    if (differing.length === 0) return undefined
    const calls = differing.map(([name, value]) => `pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`)
    return `SELECT ${calls.join(', ')}`
  }

  #differing({ reported }: ServerSession): (readonly [string, string])[] {
    if (this.#wanted.size === 0) return []
    return [...this.#wanted].filter(([name, value]) => reported.get(name) !== value)
  }

  /** Call it after the settings were restored: the server's form of the values counts. */
  adopt({ reported, restored }: ServerSession): void {
    for (const name of this.#wanted.keys()) {
      const value = reported.get(name)
      if (value === undefined) continue
      restored.set(name, value)
      this.#wanted.set(name, value)
    }
  }

  /** Call it when the server reports a change by the client. */
  changed(name: string, value: string): void {
    const key = name.toLowerCase()
    if (this.#tracked.has(key)) this.#wanted.set(key, value)
  }
}

/** Quotes a literal independently of `standard_conforming_strings`. */
export function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
