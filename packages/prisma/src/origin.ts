import { withDeepStack, type Origin } from '@poolsafe/core'

/** What an operation's statements are reported with. */
export class OperationOrigin implements Origin {
  readonly operation: string
  #stack: (() => string) | undefined

  /** @param operation Prisma's name for it: `User.findMany` */
  constructor(operation: string) {
    this.operation = operation
  }

  /** Takes the stack above `entry`. It is put into words when it is asked for, which is most of its price. */
  takeStack(entry: (...args: never[]) => unknown, caller: 'application' | 'prisma'): this {
    const holder: { stack?: string } = {}
    withDeepStack(() => Error.captureStackTrace(holder, entry))
    this.#stack = () => (caller === 'prisma' ? withoutCaller(holder.stack ?? '') : (holder.stack ?? ''))
    return this
  }

  get stack(): string | undefined {
    return this.#stack?.()
  }
}

/** Leaves out the frames of Prisma's runtime. Its path tells nothing: a client may be generated with a runtime of its own. */
function withoutCaller(stack: string): string {
  const frames = stack.split('\n').filter((line) => line.startsWith('    at ') && !/[( ]node:/.test(line))
  const runtime = fileOf(frames[0])
  return frames.filter((frame) => fileOf(frame) !== runtime).join('\n')
}

function fileOf(frame: string | undefined): string | undefined {
  return /[^( ]+(?=:\d+:\d+\)?$)/.exec(frame ?? '')?.[0]
}
