import { endWith, scopesOf, type RequestScopeOptions, type ResponseLike } from './request-scope.ts'

export type { RequestScopeOptions, ResponseLike } from './request-scope.ts'

/** The properties of an Express request that poolsafe reads. */
export interface RequestLike {
  readonly method?: string | undefined
  /** The path on which the router is mounted, with the values of the request. */
  readonly baseUrl?: string
  readonly route?: { readonly path?: unknown }
}

/** For `app.use`. */
export type RequestScopeMiddleware<Request> = (request: Request, response: ResponseLike, next: () => void) => void

/**
 * Opens a request scope for each request: `app.use(requestScope())`, before all other middleware. The scope ends when
 * the response is finished or closed. poolsafe then reports the repeated statements of the request.
 *
 * @throws InvalidOptionError for an unknown option or a value that is not valid
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
 * Returns the method and the route pattern. Express does not expose the pattern of the router, only the path of this
 * request. So `…` stands for the router.
 */
function nameOf({ method, baseUrl, route }: RequestLike): string | undefined {
  if (route?.path === undefined) return method
  const path = [route.path].flat().map(String).join(' | ')
  return `${method} ${baseUrl === undefined || baseUrl === '' ? '' : '…'}${path}`
}
