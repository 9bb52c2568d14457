import { InvalidOptionError } from '@poolsafe/core'
import { checkObject, RequestScope } from '@poolsafe/core/internal'

/** The name and the tag of requests in reports. */
export interface RequestScopeOptions<Request> {
  /**
   * Returns the name of a request. Called when something is reported about the request, and at its end. Do not return
   * the URL: its values do not belong in a log. If it throws, or returns no text, the name is `undefined`, and poolsafe
   * warns once.
   * @default the method and the pattern of the route, `GET /orders/:id`
   */
  readonly name?: (request: Request) => string | undefined
  /** A tag that the guard's `slowQueryThresholds` can select, or a function that returns one. @default none */
  readonly tag?: string | ((request: Request) => string | undefined)
}

/** A response with the event `close`, such as Node's ServerResponse. */
export interface ResponseLike {
  readonly closed?: boolean
  once(event: 'close', listener: () => void): unknown
}

/** Creates the scope of a request. */
export type OpenScope<Request> = (request: Request) => RequestScope

/**
 * @param nameOf returns the name of a request if the options have no `name`
 * @throws InvalidOptionError for an unknown option or a value that is not valid
 */
export function scopesOf<Request>(
  options: RequestScopeOptions<Request>,
  nameOf: (request: Request) => string | undefined,
): OpenScope<Request> {
  checkObject('requestScope()', options, ['name', 'tag'])
  const { name = nameOf, tag } = options
  if (typeof name !== 'function')
    throw new InvalidOptionError('requestScope(): name', name, 'a function that returns the name of a request')
  if (tag !== undefined && typeof tag !== 'function' && (typeof tag !== 'string' || tag === ''))
    throw new InvalidOptionError(
      'requestScope(): tag',
      tag,
      'a non-empty string, or a function that returns the tag of a request',
    )
  const tell = warnOnce()
  return (request) => {
    const lateTag = typeof tag === 'function' ? () => tell('tag', tag, request) : tag
    return new RequestScope({ name: () => tell('name', name, request), tag: lateTag })
  }
}

/** Ends the scope when the response is finished or closed. */
export function endWith(scope: RequestScope, response: ResponseLike): void {
  // A response that was closed before the scope opened emits no further event.
  if (response.closed === true) scope.end()
  else response.once('close', () => scope.end())
}

type Tell = <Request>(option: string, told: (request: Request) => unknown, request: Request) => string | undefined

/**
 * Returns a caller for functions of the application. Their errors do not break the request, and the first one is a
 * warning.
 */
function warnOnce(): Tell {
  let isWarned = false
  const warn = (problem: string): void => {
    if (!isWarned) process.emitWarning(`poolsafe: requestScope(): ${problem}; such requests have none`)
    isWarned = true
  }
  return (option, told, request) => {
    try {
      const text = told(request)
      if (typeof text === 'string' || text === undefined) return text
      warn(`${option} returned no string`)
    } catch {
      warn(`${option} threw an error`)
    }
    return undefined
  }
}
