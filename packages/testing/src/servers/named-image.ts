import { InvalidOptionError } from '@poolsafe/core'
import { DockerError } from './container.ts'
import { reasonAgainst } from './missing-server.ts'

/** An image that was requested by name. */
export interface NamedImage {
  readonly image: string
  /** The option or environment variable that named it, for errors. */
  readonly namedBy: string
}

/**
 * Returns the image named by an option, otherwise by an environment variable.
 *
 * @throws InvalidOptionError for an option that is not a name
 */
export function findNamedImage(option: string, given: unknown, variable: string): NamedImage | undefined {
  if (given !== undefined) {
    if (typeof given === 'string' && given.trim() !== '') return { image: given, namedBy: option }
    throw new InvalidOptionError(option, given, "the name of an image, such as 'postgres:18'")
  }
  const image = process.env[variable] || undefined
  return image === undefined ? undefined : { image, namedBy: variable }
}

/**
 * Starts the named image and no alternative.
 *
 * @throws Error with the installation advice if Docker cannot run it
 */
export async function launchNamed<Launched extends object>(
  { image, namedBy }: NamedImage,
  launch: (image: string) => Promise<Launched>,
): Promise<Launched> {
  try {
    return await launch(image)
  } catch (cause) {
    if (!(cause instanceof DockerError)) throw cause
    throw new Error(
      [
        `${namedBy} names the image ${image}, but ${reasonAgainst('Docker', cause)}`,
        `Install Docker and start it, run \`npm install --save-dev testcontainers\`, and see that \`docker pull ${image}\` works;`,
        `or leave ${namedBy} out, for a server without Docker.`,
      ].join('\n'),
      { cause },
    )
  }
}
