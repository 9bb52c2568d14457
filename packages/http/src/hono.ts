import { endWith, scopesOf, type RequestScopeOptions, type ResponseLike } from './request-scope.ts'

export type { RequestScopeOptions, ResponseLike } from './request-scope.ts'

/** As much of a context of Hono as is read. */
export interface ContextLike {
  readonly req: {
    readonly method: string
    readonly routeIndex?: number
    readonly matchedRoutes?: readonly { readonly path: string }[]
  }
  /** On Node, with `@hono/node-server`, it has the response. */
  readonly env?: unknown
}

/** For `app.use`. */
export type RequestScopeMiddleware<Context> = (context: Context, next: () => Promise<void>) => Promise<void>

/**
 * Opens a request scope for each request, before all else: `app.use(requestScope())`. On `@hono/node-server` it ends
 * when the response is finished or closed, elsewhere when the handler has returned; what the request repeated is told
 * then.
 *
 * @throws InvalidOptionError for an option that does not exist, and for one that cannot be
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

/** The route that answers is the one that was called last; where only middleware was, nothing is behind its path. */
function nameOf({ req }: ContextLike): string {
  const path = req.matchedRoutes?.[req.routeIndex ?? 0]?.path
  return path === undefined || path.endsWith('*') ? req.method : `${req.method} ${path}`
}
