/** Frames kept in a stack of ours: an ORM alone uses more than V8's ten. */
const stackDepth = 50

/** Runs `take` with a stack limit that reaches through an ORM to the application. */
export function withDeepStack<Result>(take: () => Result): Result {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = stackDepth
  try {
    return take()
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** The frames of the caller of `below`, without those of poolsafe itself. */
export function takeStack(below: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {}
  withDeepStack(() => Error.captureStackTrace(holder, below))
  return framesOf(holder.stack)
}

/** The lines of a stack below its message. */
export function framesOf(stack: string | undefined): string {
  const at = stack?.search(/^ {4}at /m) ?? -1
  return at === -1 ? '' : (stack ?? '').slice(at)
}

/** The application's own line: the first frame that is neither a dependency nor Node. `undefined` where there is none. */
export function formatCallSite(stack: string | undefined): string | undefined {
  const line = framesOf(stack)
    .split('\n')
    .find((frame) => frame.includes(':') && !/node_modules|node:|<anonymous>|@poolsafe[\\/]/.test(frame))
  return line?.replace(/^ *at (?:async )?/, '')
}
