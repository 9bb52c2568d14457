import type { PgBouncerPlan } from './pgbouncer-config.ts'
import { launchContainer } from './pgbouncer-container.ts'
import { findPgBouncer, installPgBouncer, launchProcess } from './pgbouncer-process.ts'

/** Where PgBouncer came from: the machine's own program, a container, or the package installed just now. */
export type PgBouncerSource = 'path' | 'docker' | 'apt'

/** A PgBouncer that was told to start; whether it serves is not known yet. */
export interface LaunchedPgBouncer {
  readonly host: string
  readonly port: number
  log(): string
  hasEnded(): boolean
  stop(): Promise<void>
}

const imageVariable = 'POOLSAFE_PGBOUNCER_IMAGE'
const defaultImage = 'edoburu/pgbouncer:v1.25.2-p0'

/**
 * Starts PgBouncer from wherever it can be had: the PATH, Docker, apt-get, in this order. An image named in
 * `POOLSAFE_PGBOUNCER_IMAGE` is what is meant, whatever else there is.
 *
 * @throws Error that says what to install
 */
export async function launchPgBouncer(plan: PgBouncerPlan): Promise<LaunchedPgBouncer & { source: PgBouncerSource }> {
  const image = process.env[imageVariable] || undefined
  if (image !== undefined) return { ...(await launchNamed(image, plan)), source: 'docker' }
  const program = await findPgBouncer()
  if (program !== undefined) return { ...(await launchProcess(program, plan)), source: 'path' }
  const reasons: string[] = []
  const container = await launchContainer(defaultImage, plan).catch((error: unknown) => void reasons.push(reason('Docker', error)))
  if (container !== undefined) return { ...container, source: 'docker' }
  const installed = await installPgBouncer().catch((error: unknown) => void reasons.push(reason('apt-get', error)))
  if (installed !== undefined) return { ...(await launchProcess(installed, plan)), source: 'apt' }
  throw new Error(missingMessage(reasons))
}

async function launchNamed(image: string, plan: PgBouncerPlan): Promise<LaunchedPgBouncer> {
  try {
    return await launchContainer(image, plan)
  } catch (cause) {
    throw new Error(`${imageVariable} names the image ${image}, but ${reason('Docker', cause)}`, { cause })
  }
}

function reason(way: string, error: unknown): string {
  return `${way} was no way: ${error instanceof Error ? error.message.trim() : String(error)}`
}

function missingMessage(reasons: readonly string[]): string {
  return [
    'There is no PgBouncer to start. Do one of these:',
    '- install it: `apt-get install pgbouncer`, `dnf install pgbouncer` or `brew install pgbouncer`',
    `- start Docker and run \`npm install --save-dev testcontainers\`; the image is ${defaultImage}, or what ${imageVariable} names`,
    ...reasons,
  ].join('\n')
}
