/** Frames kept in a stack of ours: an ORM alone uses more than V8's ten. */
const stackDepth = 50

/**
 * Runs `take` with a stack limit that reaches through an ORM to the application; with the present one where the
 * application has frozen `Error`.
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
 * The stack that was taken of a place, empty where it is no text: V8 puts it into words when it is first read, by the
 * process's own
 * `Error.prepareStackTrace`, which may make anything of it, or throw.
 */
export function readStack(site: { readonly stack?: unknown }): string {
  try {
    const { stack } = site
    return typeof stack === 'string' ? stack : ''
  } catch {
    return ''
  }
}

/** The frames of the caller of `below`, without those of poolsafe itself. */
export function takeStack(below: (...args: never[]) => unknown, depth: number = stackDepth): string {
  const holder = {}
  withDeepStack(() => Error.captureStackTrace(holder, below), depth)
  return framesOf(readStack(holder))
}

/** The lines of a stack below its message; none of what is no text. */
export function framesOf(stack: unknown): string {
  if (typeof stack !== 'string') return ''
  const at = stack.search(/^ {4}at /m)
  return at === -1 ? '' : stack.slice(at)
}

/**
 * The application's own line, below the working folder: the first frame that is neither a dependency, nor Node, nor
 * poolsafe.
 */
export function formatCallSite(stack: unknown): string | undefined {
  const line = framesOf(stack).split('\n').find(isApplication)
  return line
    ?.replace(/^ *at (?:async )?/, '')
    .replace(/(?:file:\/\/)?(\/[^():]+)/, (_, path: string) => relativeTo(path))
}

/** A place without a file. Callbacks that have a file are often called `Server.<anonymous>`. */
const nowhere = /<anonymous>(?::\d+:\d+)?\)?$/

function isApplication(frame: string): boolean {
  return frame.includes(':') && !/node:/.test(frame) && !nowhere.test(frame) && !isLibraryFrame(frame)
}

/** Returns whether a frame, or the file of one, is that of a dependency or of poolsafe itself. */
export function isLibraryFrame(frame: string): boolean {
  return frame.includes('node_modules') || isOwnFrame(frame)
}

/** Returns whether a frame is that of poolsafe itself. */
export function isOwnFrame(frame: string): boolean {
  return /[/\\]@poolsafe[/\\]/.test(frame) || ownSources?.test(frame) === true
}

/** In poolsafe's own repository its packages are not in node_modules: their sources are told by where this file is. */
const ownSources = sourcesOf(/^(.*\/packages)\/core\/src\/stack\/[^/]+$/.exec(import.meta.url)?.[1])

function sourcesOf(packages: string | undefined): RegExp | undefined {
  if (packages === undefined) return undefined
  const folder = packages.replace('file://', '').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`${folder}/\\w+/src/(?!.*\\.test\\.ts)`)
}

function relativeTo(path: string): string {
  const folder = `${process.cwd()}/`
  return path.startsWith(folder) ? path.slice(folder.length) : path
}

/** A stack that was taken; it is put into words when it is asked for, which is most of its price. */
export interface Site {
  readonly stack?: string | undefined
}

/**
 * The function of an adapter that the application or the ORM called: its frames, and those above, are left out of
 * stacks.
 */
export type Entry = (...args: never[]) => unknown
