import { endWith, scopesOf, type RequestScopeOptions, type ResponseLike } from './request-scope.ts'

export type { RequestScopeOptions, ResponseLike } from './request-scope.ts'

/** As much of a request of Express as is read. */
export interface RequestLike {
  readonly method?: string | undefined
  /** Where the router is mounted, with the values of the request. */
  readonly baseUrl?: string
  readonly route?: { readonly path?: unknown }
}

/** For `app.use`. */
export type RequestScopeMiddleware<Request> = (request: Request, response: ResponseLike, next: () => void) => void

/**
 * Opens a request scope for each request, before all else: `app.use(requestScope())`. It ends when the response is
 * finished or closed, and what the request repeated is told then.
 *
 * @throws InvalidOptionError for an option that does not exist, and for one that cannot be
 */
export function requestScope<Request extends RequestLike = RequestLike>(
  options: RequestScopeOptions<Request> = {},
): RequestScopeMiddleware<Request> {
  const open = scopesOf(options, nameOf)
  return (request, response, next) => {
    const scope = open(request)
    endWith(scope, response)
    scope.run(next)
  }
}

/**
 * Express tells the pattern of the route, but not that of the router which holds it: only where that is mounted for
 * this request.
 */
function nameOf({ method, baseUrl, route }: RequestLike): string | undefined {
  if (route?.path === undefined) return method
  const path = [route.path].flat().map(String).join(' | ')
  return `${method} ${baseUrl === undefined || baseUrl === '' ? '' : '…'}${path}`
}
