import { InvalidOptionError } from '@poolsafe/core'
import { DockerError } from './container.ts'
import { reasonAgainst } from './missing-server.ts'

/** An image that was asked for by its name. */
export interface NamedImage {
  readonly image: string
  /** Who named it, for errors: the option, or the environment variable. */
  readonly namedBy: string
}

/**
 * The image that an option names, or else a variable of the environment.
 *
 * @throws InvalidOptionError for an option that is no name
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
 * Starts what was asked for by its name, and nothing in its place.
 *
 * @throws Error that says what to install, where Docker has no container for it
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
