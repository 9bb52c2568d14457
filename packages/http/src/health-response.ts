import { healthAnswers, type HealthAnswerOptions, type HealthSource } from './health-answer.ts'

/**
 * Answers like `healthHandler()`, for Fastify and for servers of the Fetch API: Hono, Bun, Deno, Next.
 *
 * @returns a handler that never rejects
 * @throws InvalidOptionError
 */
export function healthResponse(
  guards: HealthSource | readonly HealthSource[],
  options?: HealthAnswerOptions,
): (request: Pick<Request, 'method'>) => Promise<Response> {
  const answer = healthAnswers('healthResponse()', guards, options)
  return async ({ method }) => {
    const { status, headers, body } = await answer(method)
    return new Response(method === 'HEAD' ? null : body, { status, headers })
  }
}
