import type { ServerSession } from './server-session.ts'

/** The settings that a client keeps on whichever session it gets. */
export class ClientSettings {
  readonly #tracked: ReadonlySet<string>
  /** By name in lower case: what the client has, as the server reports it. */
  readonly #wanted: Map<string, string>

  /**
   * @param tracked those that the pooler takes along
   * @param defaults what a new session reports
   * @param given those of the startup packet
   */
  constructor(tracked: ReadonlySet<string>, defaults: ReadonlyMap<string, string>, given: ReadonlyMap<string, string>) {
    this.#tracked = tracked
    const reported = [...defaults].map(([name, value]) => [name.toLowerCase(), value] as const)
    this.#wanted = new Map([...reported.filter(([name]) => tracked.has(name)), ...given])
  }

  /** What has to be set on this session so that it is as the client left it; `undefined` for nothing. */
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

  /** The session has been made the client's: what the server made of the values counts. */
  adopt({ reported, restored }: ServerSession): void {
    for (const name of this.#wanted.keys()) {
      const value = reported.get(name)
      if (value === undefined) continue
      restored.set(name, value)
      this.#wanted.set(name, value)
    }
  }

  /** The server has reported a change that the client made. */
  changed(name: string, value: string): void {
    const key = name.toLowerCase()
    if (this.#tracked.has(key)) this.#wanted.set(key, value)
  }
}

/** A literal that means the same whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
