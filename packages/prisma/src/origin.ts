import { formatCallSite, readStack, withDeepStack, type Located, type Origin } from '@poolsafe/core/adapter'
import type { OperationName } from './operations.ts'

/** What an operation's statements are reported with. */
export class OperationOrigin implements Origin {
  readonly operation: string
  /** Its line is asked for. */
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

  /** Takes the stack above `entry`. It is put into words when it is asked for, which is most of its price. */
  takeStack(entry: (...args: never[]) => unknown, caller: 'application' | 'prisma'): this {
    const holder = {}
    withDeepStack(() => Error.captureStackTrace(holder, entry))
    this.#stack = () => (caller === 'prisma' ? withoutCaller(readStack(holder)) : readStack(holder))
    return this
  }

  /** Takes the stack after the fact, where it was asked for and is not known, and tells those who asked. */
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
 * Leaves out the frames of Prisma's runtime. Its path tells nothing: a client may be generated with a runtime of its
 * own.
 */
function withoutCaller(stack: string): string {
  const frames = stack.split('\n').filter((line) => line.startsWith('    at ') && !/[( ]node:/.test(line))
  const runtime = fileOf(frames[0])
  return frames.filter((frame) => fileOf(frame) !== runtime).join('\n')
}

function fileOf(frame: string | undefined): string | undefined {
  return /[^( ]+(?=:\d+:\d+\)?$)/.exec(frame ?? '')?.[0]
}
