import type { IncomingMessage, ServerResponse } from 'node:http'
import { healthAnswers, type Answer, type HealthAnswerOptions, type HealthSource } from './health-answer.ts'

/**
 * Answers `GET` and `HEAD` with the health of a guard, or of several: 200 while it is healthy, else 503, in JSON. For
 * `node:http`, and as a handler of Express. Never rejects.
 *
 * @throws InvalidOptionError
 */
export function healthHandler(
  guards: HealthSource | readonly HealthSource[],
  options?: HealthAnswerOptions,
): (request: Pick<IncomingMessage, 'method'>, response: ServerResponse) => Promise<void> {
  const answer = healthAnswers('healthHandler()', guards, options)
  return async ({ method }, response) => {
    send(await answer(method), response, method)
  }
}

function send({ status, headers, body }: Answer, response: ServerResponse, method: string | undefined): void {
  // Whoever answered meanwhile, a timeout of the framework for one, has said all that can be said.
  if (response.headersSent) return
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(method === 'HEAD' ? undefined : body)
}
