import { AsyncLocalStorage } from 'node:async_hooks'
import type { Execution } from './execution.ts'

/** What a request scope is called. */
export interface RequestScopeOptions {
  /** For reports: `GET /orders/:id`. Never a URL with its values. */
  readonly name?: string
  /** What `slowQueryThresholds` may ask for. */
  readonly tag?: string
}

/** One request of the application: a stay in which repeated statements are counted. */
export class RequestScope {
  readonly name: string | undefined
  readonly tag: string | undefined
  isOver = false

  constructor({ name, tag }: RequestScopeOptions = {}) {
    this.name = name
    this.tag = tag
  }

  /** A statement is about to be sent inside. @returns whether its line is wanted */
  wantsSite(_execution: Execution): boolean {
    return false
  }

  /** It is over. */
  note(_execution: Execution, _millis: number): void {}
}

const key = Symbol.for('poolsafe.requests')
const holder = globalThis as { [key]?: AsyncLocalStorage<RequestScope> }

/** Shared by every copy of this package in the process. */
export const requests: AsyncLocalStorage<RequestScope> = (holder[key] ??= new AsyncLocalStorage())
