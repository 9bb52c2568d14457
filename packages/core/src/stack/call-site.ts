/** Number of frames in a captured stack: an ORM alone uses more than V8's ten. */
const stackDepth = 50

/**
 * Runs `take` with a stack limit that reaches through an ORM to the application. If the application has frozen `Error`,
 * the limit stays.
 */
export function withDeepStack<Result>(take: () => Result, depth: number = stackDepth): Result {
  const limit = Error.stackTraceLimit
  if (!limitStacks(depth)) return take()
  try {
    return take()
  } finally {
    Error.stackTraceLimit = limit
  }
}

function limitStacks(depth: number): boolean {
  try {
    Error.stackTraceLimit = depth
    return true
  } catch {
    return false
  }
}

/**
 * Returns a captured stack; empty if it is not a string. V8 formats it at the first read with the process's
 * `Error.prepareStackTrace`, which may return anything or throw.
 */
export function readStack(site: { readonly stack?: unknown }): string {
  try {
    const { stack } = site
    return typeof stack === 'string' ? stack : ''
  } catch {
    return ''
  }
}

/** Returns the frames of the caller of `below`, without poolsafe's own. */
export function takeStack(below: Caller, depth: number = stackDepth): string {
  return framesOf(readStack(siteOf(below, depth)))
}

/** Captures the call site of a call; one that was captured earlier is returned as it is. */
export function siteOf(entry: Caller, depth: number = stackDepth): Site {
  if (typeof entry !== 'function') return entry
  const site: Site = {}
  withDeepStack(() => Error.captureStackTrace(site, entry), depth)
  return site
}

/** Returns the lines of a stack below its message; none if it is not a string. */
export function framesOf(stack: unknown): string {
  if (typeof stack !== 'string') return ''
  const at = stack.search(/^ {4}at /m)
  return at === -1 ? '' : stack.slice(at)
}

/**
 * Returns the call site, relative to the working folder: the first frame that is not a dependency, Node or poolsafe.
 */
export function formatCallSite(stack: unknown): string | undefined {
  const line = framesOf(stack).split('\n').find(isApplication)
  return line
    ?.replace(/^ *at (?:async )?/, '')
    .replace(/(?:file:\/\/)?(\/[^():]+)/, (_, path: string) => relativeTo(path))
}

/** A frame without a file. Callbacks with a file are often named `Server.<anonymous>`. */
const nowhere = /<anonymous>(?::\d+:\d+)?\)?$/

function isApplication(frame: string): boolean {
  return frame.includes(':') && !/node:/.test(frame) && !nowhere.test(frame) && !isLibraryFrame(frame)
}

/** Returns true if a frame, or its file, belongs to a dependency or to poolsafe. */
export function isLibraryFrame(frame: string): boolean {
  return frame.includes('node_modules') || isOwnFrame(frame)
}

/** Returns true if a frame belongs to poolsafe. */
export function isOwnFrame(frame: string): boolean {
  return /[/\\]@poolsafe[/\\]/.test(frame) || ownSources?.test(frame) === true
}

/** In poolsafe's own repository the packages are not in node_modules; this file's location identifies their sources. */
const ownSources = sourcesOf(/^(.*\/packages)\/core\/src\/stack\/[^/]+$/.exec(import.meta.url)?.[1])

function sourcesOf(packages: string | undefined): RegExp | undefined {
  if (packages === undefined) return undefined
  const folder = packages.replace('file://', '').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`${folder}/[\\w-]+/src/(?!.*\\.test\\.ts)`)
}

function relativeTo(path: string): string {
  const folder = `${process.cwd()}/`
  return path.startsWith(folder) ? path.slice(folder.length) : path
}

/** A captured stack. It is formatted on first use, which is most of its cost. */
export interface Site {
  readonly stack?: string | undefined
}

/**
 * The adapter's function that the application or the ORM called. Stacks omit its frame and the frames above it.
 */
export type Entry = (...args: never[]) => unknown

/**
 * The caller: the adapter's function, if it is still running; or the call site that was captured when it ran, for a
 * driver that sends a statement in a later turn.
 */
export type Caller = Entry | Site
