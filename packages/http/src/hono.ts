import { endWith, scopesOf, type RequestScopeOptions, type ResponseLike } from './request-scope.ts'

export type { RequestScopeOptions, ResponseLike } from './request-scope.ts'

/** The properties of a Hono context that poolsafe reads. */
export interface ContextLike {
  readonly req: {
    readonly method: string
    readonly routeIndex?: number
    readonly matchedRoutes?: readonly { readonly path: string }[]
  }
  /** With `@hono/node-server` it has the Node response. */
  readonly env?: unknown
}

/** For `app.use`. */
export type RequestScopeMiddleware<Context> = (context: Context, next: () => Promise<void>) => Promise<void>

/**
 * Opens a request scope for each request: `app.use(requestScope())`, before all other middleware. On
 * `@hono/node-server` the scope ends when the response is finished or closed, on other servers when the handler has
 * returned. poolsafe then reports the repeated statements of the request.
 *
 * @throws InvalidOptionError for an unknown option or a value that is not valid
 */
export function requestScope<Context extends ContextLike = ContextLike>(
  options: RequestScopeOptions<Context> = {},
): RequestScopeMiddleware<Context> {
  const open = scopesOf(options, nameOf)
  return async (context, next) => {
    const scope = open(context)
    const response = responseOf(context)
    if (response !== undefined) endWith(scope, response)
    try {
      await scope.run(next)
    } finally {
      if (response === undefined) scope.end()
    }
  }
}

function responseOf({ env }: ContextLike): ResponseLike | undefined {
  const { outgoing } = (env ?? {}) as { outgoing?: Partial<ResponseLike> }
  return typeof outgoing?.once === 'function' ? (outgoing as ResponseLike) : undefined
}

/**
 * Returns the method and the path of the matched route. A path that ends in `*` belongs to middleware and is left out.
 */
function nameOf({ req }: ContextLike): string {
  const path = req.matchedRoutes?.[req.routeIndex ?? 0]?.path
  return path === undefined || path.endsWith('*') ? req.method : `${req.method} ${path}`
}
