import { poolers } from '@poolsafe/core'
import type { Engine } from '@poolsafe/core/adapter'
import { shared } from '@poolsafe/core/internal'
import { migrateUrl, type MigrateUrl } from './migrate-url.ts'

/** The messages of this process, from any copy of this package. */
const said = shared('saidOfMigrateUrls', () => new Set<string>())

/**
 * Logs once, in development and in tests alone (`NODE_ENV`), that Prisma's migrations would go through a pooler. Finds
 * nothing where it would have to run a file, and never throws.
 */
export function warnOfPooledUrl(guard: Pick<Engine, 'warn'>): void {
  try {
    // Bundlers insert the value, and remove code that is never reached.
    if (process.env.NODE_ENV !== 'development' && process.env.NODE_ENV !== 'test') return
    const message = messageOf(migrateUrl(process.cwd(), process.env))
    if (message === undefined || said.has(message)) return
    said.add(message)
    guard.warn(message)
  } catch {
    // A file that cannot be read, or no process: no reason to say anything.
  }
}

/** The message has no part of the URL. */
function messageOf(found: MigrateUrl | undefined): string | undefined {
  if (found === undefined) return undefined
  const detected = poolers.detect({ url: found.value })
  if (detected === undefined || detected.profile.carries['advisory-lock'] === 'kept') return undefined
  const { variable = 'a text', file, key, takesDirectUrl } = found
  const { label, directConnection } = detected.profile
  const where = directConnection === undefined ? '' : ` (${directConnection})`
  return [
    `prisma migrate and prisma db push would go through a pooler: ${label}`,
    `  found      ${key} of the datasource in ${file}, ${variable}: ${detected.because}`,
    '  why        they take a lock of the session (pg_advisory_lock), which may stay on a server connection of the pooler. Later migrations then time out (P1002)',
    `  instead    ${remedyOf(file, takesDirectUrl)}${where}`,
    '  docs       node_modules/@poolsafe/core/docs/migrations.md',
  ].join('\n')
}

function remedyOf(file: string, takesDirectUrl: boolean): string {
  if (file.endsWith('.prisma')) return 'add directUrl = env("DIRECT_URL") to the datasource, with the unpooled URL'
  return takesDirectUrl
    ? "directUrl: env('DIRECT_URL') in the datasource, with the unpooled URL"
    : "url: env('DIRECT_URL') in the datasource, with the unpooled URL; the application keeps the pooled one in its driver adapter"
}
