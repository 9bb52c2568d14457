import type { IncomingMessage, ServerResponse } from 'node:http'
import { healthAnswers, type Answer, type HealthAnswerOptions, type HealthSource } from './health-answer.ts'

/**
 * Answers `GET` and `HEAD` with the health of one or more guards in JSON: 200 if all are healthy, otherwise 503. Works
 * with `node:http` and as an Express handler. Never rejects.
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
  // The response was sent in the meantime, for example by a timeout of the framework.
  if (response.headersSent) return
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(method === 'HEAD' ? undefined : body)
}
