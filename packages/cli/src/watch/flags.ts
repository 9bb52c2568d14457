import { UsageError } from '@poolsafe/config'
import type { WatchOptions } from '@poolsafe/operate'
import { millisOf, numberOf } from '../numbers.ts'

/** The options of `poolsafe watch` as they are typed. */
export interface WatchFlags {
  readonly url?: string
  readonly application?: readonly string[]
  readonly role?: readonly string[]
  readonly above?: string
  readonly idle?: string
  readonly interval?: string
  readonly apply?: boolean
  readonly dryRun?: boolean
  readonly once?: boolean
  readonly adminUrl?: string
  readonly poolerAddress?: readonly string[]
  readonly poolerConnections?: boolean
  readonly metricsPort?: string
  readonly metricsHost?: string
  readonly format: 'pretty' | 'json'
}

/**
 * Reads the flags.
 *
 * @throws UsageError for a flag that is no number or duration, and for flags that contradict each other
 */
export function watchOptionsOf(flags: WatchFlags): Omit<WatchOptions, 'connect' | 'console' | 'onEvent' | 'signal'> {
  const { application = [], role, above, idle, interval, apply = false, poolerAddress, poolerConnections } = flags
  if (application.length === 0)
    throw new UsageError("--application is missing: give the application_name of what may be closed, such as 'shop-*'")
  if (apply && flags.dryRun === true)
    throw new UsageError('--apply closes connections and --dry-run closes none: leave out one of them')
  return {
    applications: application,
    apply,
    ...(role !== undefined && { roles: role }),
    ...(above !== undefined && { aboveShare: percentOf(above) }),
    ...(idle !== undefined && { idleMillis: millisOf('idle', idle) }),
    ...(interval !== undefined && { intervalMillis: millisOf('interval', interval) }),
    ...(poolerAddress !== undefined && { poolerAddresses: poolerAddress }),
    ...(poolerConnections === true && { closesPoolerConnections: true }),
  }
}

function percentOf(text: string): number {
  const percent = numberOf('above', text.replace(/ ?%$/, ''))
  if (percent >= 1 && percent < 100) return percent / 100
  throw new UsageError(`--above must be a percentage from 1 to 99; got '${text}'`)
}

/** @throws UsageError for a value that is no port */
export function portOf(text: string): number {
  const port = numberOf('metricsPort', text)
  if (Number.isInteger(port) && port <= 65_535) return port
  throw new UsageError(`--metrics-port must be a port from 0 to 65535; got '${text}'`)
}
