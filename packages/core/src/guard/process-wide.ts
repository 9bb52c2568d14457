import { AsyncLocalStorage } from 'node:async_hooks'
import type { Holdable } from '../checkout/holding.ts'
import type { FindingEvent } from './events.ts'
import type { Guard } from './guard.ts'

/** What a layer above the driver knows of the statements that run inside it. */
export interface Origin {
  /** The ORM's name for the call: `User.findMany`. */
  readonly operation: string
  /** The stack of the call, where it was worth taking. */
  readonly stack?: string | undefined
}

/** One `acquireConnection` of a layer above, watched by the guarded pool below it. */
export interface Acquiring {
  /** Set by a guarded pool: its guard judges what is sent on the connection, so the layer above does not. */
  judgedBelow: Guard | undefined
  /** Set by a guarded pool: the connection that it was asked for, as its caller will hold it. */
  holding?: Holdable | undefined
  /** Calls the acquisition off. */
  readonly signal?: AbortSignal | undefined
}

/** Set by the testing package: every guard of the process is strict, and tells what it finds. */
export interface StrictOverride {
  onFinding(event: FindingEvent): void
}

interface ProcessWide {
  readonly origins: AsyncLocalStorage<Origin>
  readonly acquiring: AsyncLocalStorage<Acquiring>
  strict: StrictOverride | undefined
}

const key = Symbol.for('poolsafe.process')
const holder = globalThis as { [key]?: ProcessWide }

/** Shared by every copy of this package in the process: ESM beside CommonJS, or one for each ORM's adapter. */
export const processWide: ProcessWide = (holder[key] ??= {
  origins: new AsyncLocalStorage(),
  acquiring: new AsyncLocalStorage(),
  strict: undefined,
})
