import { InvalidOptionError } from '@poolsafe/core'
import { checkObject, RequestScope } from '@poolsafe/core/adapter'

/** The name and the tag of requests in reports. */
export interface RequestScopeOptions<Request> {
  /**
   * Returns the name of a request. Called when something is reported about the request, and at its end. Do not return
   * the URL: its values do not belong in a log. If it throws, or returns no text, the name is `undefined`, and poolsafe
   * warns once. @default the method and the pattern of the route, `GET /orders/:id`
   */
  readonly name?: (request: Request) => string | undefined
  /** A text by which the guard's `slowQueryThresholds` may select, or a function that returns one. @default none */
  readonly tag?: string | ((request: Request) => string | undefined)
}

/** What tells that a response is over. Node's ServerResponse. */
export interface ResponseLike {
  readonly closed?: boolean
  once(event: 'close', listener: () => void): unknown
}

/** Makes the scopes of one middleware. */
export type OpenScope<Request> = (request: Request) => RequestScope

/**
 * @param nameOf the name without a `name` among the options
 * @throws InvalidOptionError for an option that does not exist, and for one that cannot be
 */
export function scopesOf<Request>(
  options: RequestScopeOptions<Request>,
  nameOf: (request: Request) => string | undefined,
): OpenScope<Request> {
  checkObject('requestScope()', options, ['name', 'tag'])
  const { name = nameOf, tag } = options
  if (typeof name !== 'function')
    throw new InvalidOptionError('requestScope(): name', name, 'a function that tells the name of a request')
  if (tag !== undefined && typeof tag !== 'function' && (typeof tag !== 'string' || tag === ''))
    throw new InvalidOptionError('requestScope(): tag', tag, 'a text, or a function that tells the tag of a request')
  const tell = warnOnce()
  return (request) => {
    const lateTag = typeof tag === 'function' ? () => tell('tag', tag, request) : tag
    return new RequestScope({ name: () => tell('name', name, request), tag: lateTag })
  }
}

/** It ends when the response is finished, or cut off. */
export function endWith(scope: RequestScope, response: ResponseLike): void {
  // Who left before the scope was opened is not heard of again.
  if (response.closed === true) scope.end()
  else response.once('close', () => scope.end())
}

type Tell = <Request>(option: string, told: (request: Request) => unknown, request: Request) => string | undefined

/** Asks a function of the application, which must not break the request. */
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
      warn(`${option} gave no text`)
    } catch {
      warn(`${option} threw an error`)
    }
    return undefined
  }
}
