/** Frames kept in a stack of ours: an ORM alone uses more than V8's ten. */
const stackDepth = 50

/** Runs `take` with a stack limit that reaches through an ORM to the application. */
export function withDeepStack<Result>(take: () => Result, depth: number = stackDepth): Result {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = depth
  try {
    return take()
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** The frames of the caller of `below`, without those of poolsafe itself. */
export function takeStack(below: (...args: never[]) => unknown, depth: number = stackDepth): string {
  const holder: { stack?: string } = {}
  withDeepStack(() => Error.captureStackTrace(holder, below), depth)
  return framesOf(holder.stack)
}

/** The lines of a stack below its message. */
export function framesOf(stack: string | undefined): string {
  const at = stack?.search(/^ {4}at /m) ?? -1
  return at === -1 ? '' : (stack ?? '').slice(at)
}

/** The application's own line, below the working folder: the first frame that is neither a dependency, nor Node, nor poolsafe. */
export function formatCallSite(stack: string | undefined): string | undefined {
  const line = framesOf(stack).split('\n').find(isApplication)
  return line?.replace(/^ *at (?:async )?/, '').replace(/(?:file:\/\/)?(\/[^():]+)/, (_, path: string) => relativeTo(path))
}

/** A place without a file. Callbacks that have a file are often called `Server.<anonymous>`. */
const nowhere = /<anonymous>(?::\d+:\d+)?\)?$/

function isApplication(frame: string): boolean {
  if (!frame.includes(':') || /node_modules|node:/.test(frame) || nowhere.test(frame)) return false
  return ownSources === undefined || !ownSources.test(frame)
}

/** In poolsafe's own repository its packages are not in node_modules: their sources are told by where this file is. */
const ownSources = sourcesOf(/^(.*\/packages)\/core\/src\/guard\/[^/]+$/.exec(import.meta.url)?.[1])

function sourcesOf(packages: string | undefined): RegExp | undefined {
  if (packages === undefined) return undefined
  const folder = packages.replace('file://', '').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`${folder}/\\w+/src/(?!.*\\.test\\.ts)`)
}

function relativeTo(path: string): string {
  const folder = `${process.cwd()}/`
  return path.startsWith(folder) ? path.slice(folder.length) : path
}
