import type { Act, Use } from './connections.ts'

/** The server whose connections are counted and closed: PostgreSQL itself, or a pooler's console. */
export interface Side {
  /** For the log: what is watched, and as whom. */
  readonly about: string
  /** The connections that cannot be seen or closed, a line for each. */
  readonly limits: readonly string[]
  use(): Promise<Use>
  /** Looks once an interval, so that the side learns what only time shows. */
  observe(): Promise<void>
  act(): Promise<Act>
  close(): Promise<void>
}
