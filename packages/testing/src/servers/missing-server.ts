import { DockerError } from './container.ts'

/** There is no server of the kind that is wanted, nor a way to get one. */
export class MissingServerError extends Error {
  override readonly name: string = 'MissingServerError'
}

/** What this machine was asked for, and what would make it work. */
export interface Missing {
  /** `PostgreSQL`. */
  readonly server: string
  /** What the reader can do, one of these. */
  readonly remedies: readonly string[]
  /** Why each way that was tried was none. */
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

/** Why a way to a server was none: `Docker was no way: …`. */
export function reasonAgainst(way: string, error: unknown): string {
  return `${way} was no way: ${error instanceof Error ? error.message.trim() : String(error)}`
}

/** For `catch`: what Docker cannot do is noted, as a reason to look elsewhere; what a server in it says is not. */
export function noteDocker(reasons: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof DockerError)) throw error
    reasons.push(reasonAgainst('Docker', error))
  }
}
