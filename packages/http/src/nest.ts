/**
 * For `app.use` of a Nest application on Express: `app.use(requestScope())`, before guards, pipes, interceptors and
 * controllers. On Fastify the application takes the plugin of `@poolsafe/http/fastify`: `await
 * app.register(requestScope())`.
 */
export {
  requestScope,
  type RequestLike,
  type RequestScopeMiddleware,
  type RequestScopeOptions,
  type ResponseLike,
} from './express.ts'
