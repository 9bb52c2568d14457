import type { LaunchedServer } from './launched-server.ts'
import { missing, noteDocker, reasonAgainst } from './missing-server.ts'
import { launchNamed, type NamedImage } from './named-image.ts'
import type { PgBouncerPlan } from './pgbouncer-config.ts'
import { launchPgBouncerContainer } from './pgbouncer-container.ts'
import { findPgBouncer, installPgBouncer, launchProcess } from './pgbouncer-process.ts'

/** The source of PgBouncer: the machine's program, a container, or the package that was installed just now. */
export type PgBouncerSource = 'path' | 'docker' | 'apt'

export type LaunchedPgBouncer = LaunchedServer & { readonly source: PgBouncerSource }

/** Names the image of PgBouncer if the option `image` is not given. */
export const pgBouncerImageVariable = 'POOLSAFE_PGBOUNCER_IMAGE'
const defaultImage = 'edoburu/pgbouncer:v1.25.2-p0'

/** The PgBouncer to start. */
export interface PgBouncerWish {
  /** The requested image, whatever else is available. */
  readonly named: NamedImage | undefined
  /** True if the package may be installed on this machine. */
  readonly mayInstall: boolean
}

/**
 * Starts PgBouncer from the first available source: the named image, the PATH, Docker, apt-get.
 *
 * @throws MissingServerError with what to install
 */
export async function launchPgBouncer(
  plan: PgBouncerPlan,
  { named, mayInstall }: PgBouncerWish,
): Promise<LaunchedPgBouncer> {
  if (named !== undefined) {
    return { ...(await launchNamed(named, (image) => launchPgBouncerContainer(image, plan))), source: 'docker' }
  }
  const program = await findPgBouncer()
  if (program !== undefined) return { ...(await launchProcess(program, plan)), source: 'path' }
  const reasons: string[] = []
  const container = await launchPgBouncerContainer(defaultImage, plan).catch(noteDocker(reasons))
  if (container !== undefined) return { ...container, source: 'docker' }
  const installed = mayInstall
    ? await installPgBouncer().catch((error: unknown) => void reasons.push(reasonAgainst('apt-get', error)))
    : undefined
  if (installed !== undefined) return { ...(await launchProcess(installed, plan)), source: 'apt' }
  throw missing({ server: 'PgBouncer', remedies, reasons })
}

const remedies = [
  'install it: `apt-get install pgbouncer`, `dnf install pgbouncer` or `brew install pgbouncer`',
  `start Docker and run \`npm install --save-dev testcontainers\`; the image is ${defaultImage}, or what ${pgBouncerImageVariable} names`,
  "or take the hostile pooler, which needs none of it: `startPooler({ target, kind: 'hostile' })`",
]
