import { endWith, scopesOf, type RequestScopeOptions, type ResponseLike } from './request-scope.ts'

export type { RequestScopeOptions, ResponseLike } from './request-scope.ts'

/** The properties of a Fastify request that poolsafe reads. */
export interface RequestLike {
  readonly method: string
  /** Without a `url` if no route matches the request. */
  readonly routeOptions?: { readonly url?: string | undefined }
}

type Hook<Request> = (request: Request, reply: { readonly raw: ResponseLike }, done: () => void) => void

/** The method of a Fastify instance that poolsafe uses. */
export interface FastifyLike<Request> {
  addHook(name: 'onRequest', hook: Hook<Request>): unknown
}

/** A plugin for `app.register`. It covers all routes of the instance on which it is registered. */
export type RequestScopePlugin<Request> = (app: FastifyLike<Request>, options: unknown, done: () => void) => void

/**
 * Opens a request scope for each request: `app.register(requestScope())`, before other plugins. The scope ends when the
 * response is finished or closed. poolsafe then reports the repeated statements of the request.
 *
 * @throws InvalidOptionError for an unknown option or a value that is not valid
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
  // Without this, Fastify would limit the hook to the plugin's own routes, and it has none.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@poolsafe/http',
  })
}

function nameOf({ method, routeOptions }: RequestLike): string {
  return routeOptions?.url === undefined ? method : `${method} ${routeOptions.url}`
}
