import { endWith, scopesOf, type RequestScopeOptions, type ResponseLike } from './request-scope.ts'

export type { RequestScopeOptions, ResponseLike } from './request-scope.ts'

/** As much of a request of Fastify as is read. */
export interface RequestLike {
  readonly method: string
  /** Without a route, as for what is not found, it has no URL. */
  readonly routeOptions?: { readonly url?: string | undefined }
}

type Hook<Request> = (request: Request, reply: { readonly raw: ResponseLike }, done: () => void) => void

/** As much of Fastify as is used. */
export interface FastifyLike<Request> {
  addHook(name: 'onRequest', hook: Hook<Request>): unknown
}

/** For `app.register`: for all routes of the instance that it is registered on. */
export type RequestScopePlugin<Request> = (app: FastifyLike<Request>, options: unknown, done: () => void) => void

/**
 * Opens a request scope for each request: `app.register(requestScope())`, before other plugins. It ends when the
 * response is finished or closed, and what the request repeated is told then.
 *
 * @throws InvalidOptionError for an option that does not exist, and for one that cannot be
 */
export function requestScope<Request extends RequestLike = RequestLike>(
  options: RequestScopeOptions<Request> = {},
): RequestScopePlugin<Request> {
  const open = scopesOf(options, nameOf)
  const plugin: RequestScopePlugin<Request> = (app, _options, done) => {
    app.addHook('onRequest', (request, { raw }, next) => {
      const scope = open(request)
      endWith(scope, raw)
      scope.run(next)
    })
    done()
  }
  // Fastify would otherwise keep the hooks to the plugin's own routes, of which it has none.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@poolsafe/http',
  })
}

function nameOf({ method, routeOptions }: RequestLike): string {
  return routeOptions?.url === undefined ? method : `${method} ${routeOptions.url}`
}
