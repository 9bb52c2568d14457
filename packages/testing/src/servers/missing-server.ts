import { DockerError } from './container.ts'

/** No server of this kind exists, and none can be obtained. */
export class MissingServerError extends Error {
  override readonly name: string = 'MissingServerError'
}

/** The missing server and the possible remedies. */
export interface Missing {
  /** `PostgreSQL`. */
  readonly server: string
  /** The alternatives for the reader. */
  readonly remedies: readonly string[]
  /** The reason for each failed attempt. */
  readonly reasons: readonly string[]
}

export function missing({ server, remedies, reasons }: Missing): MissingServerError {
  const lines = [
    `There is no ${server} to start. Do one of these:`,
    ...remedies.map((remedy) => `- ${remedy}`),
    ...reasons,
  ]
  return new MissingServerError(lines.join('\n'))
}

/** Describes a failed attempt: `Docker was no way: …`. */
export function reasonAgainst(way: string, error: unknown): string {
  return `${way} was no way: ${error instanceof Error ? error.message.trim() : String(error)}`
}

/** For `catch`: records a DockerError as a reason to try elsewhere, and rethrows errors of the server itself. */
export function noteDocker(reasons: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof DockerError)) throw error
    reasons.push(reasonAgainst('Docker', error))
  }
}
