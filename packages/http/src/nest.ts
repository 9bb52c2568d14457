/**
 * Opens a request scope for each request of a Nest application on Express: `app.use(requestScope())`. It runs before
 * guards, pipes, interceptors and controllers. On Fastify, use the plugin of `@poolsafe/http/fastify`: `await
 * app.register(requestScope())`.
 */
export {
  requestScope,
  type RequestLike,
  type RequestScopeMiddleware,
  type RequestScopeOptions,
  type ResponseLike,
} from './express.ts'
