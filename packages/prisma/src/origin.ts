import type { Located, Origin } from '@poolsafe/core/adapter'
import { formatCallSite, readStack, withDeepStack } from '@poolsafe/core/internal'
import type { OperationName } from './operations.ts'

/** The description of the operation that sent a statement, for reports. */
export class OperationOrigin implements Origin {
  readonly operation: string
  readonly layer = 'prisma'
  /** True if a report requests the call site. */
  isWanted = false
  acquireWithinMillis: number | undefined = undefined
  isPlaced = false
  readonly #name: OperationName
  #asking: Located[] | undefined
  #stack: string | (() => string) | undefined

  constructor(name: OperationName) {
    this.operation = name.name
    this.#name = name
  }

  want(asking: Located): void {
    this.isWanted = true
    if (asking.isStruck) this.#name.isStruck = true
    if (asking.place === undefined) (this.#asking ??= []).push(asking)
  }

  /** Takes the stack above `entry`. Formatting is most of the cost, so it happens when a report needs the stack. */
  takeStack(entry: (...args: never[]) => unknown, caller: 'application' | 'prisma'): this {
    const holder = {}
    withDeepStack(() => Error.captureStackTrace(holder, entry))
    this.#stack = () => (caller === 'prisma' ? withoutCaller(readStack(holder)) : readStack(holder))
    return this
  }

  /**
   * Takes the stack at the end of the call if it is requested and unknown, and passes the call site to those that
   * requested it.
   */
  locate(entry: (...args: never[]) => unknown): void {
    if (this.#stack === undefined) this.takeStack(entry, 'prisma')
    if (this.#asking === undefined) return
    const place = formatCallSite(this.stack) ?? ''
    for (const asking of this.#asking) asking.place ??= place
    this.#asking = undefined
  }

  get stack(): string | undefined {
    if (typeof this.#stack === 'function') this.#stack = this.#stack()
    return this.#stack
  }
}

/**
 * Leaves out the frames of Prisma's runtime. The path does not identify them, because a client may be generated with
 * its own copy of the runtime.
 */
function withoutCaller(stack: string): string {
  const frames = stack.split('\n').filter((line) => line.startsWith('    at ') && !/[( ]node:/.test(line))
  const runtime = fileOf(frames[0])
  return frames.filter((frame) => fileOf(frame) !== runtime).join('\n')
}

function fileOf(frame: string | undefined): string | undefined {
  return /[^( ]+(?=:\d+:\d+\)?$)/.exec(frame ?? '')?.[0]
}
