import { InvalidOptionError } from '@poolsafe/core'
import { resolveFrom, type OptionTable } from '@poolsafe/core/internal'

/** The load and the servers, as the options of `planSize()`. Everything that is absent has a default. */
export interface SizeOptions {
  /** Physical cores of the database server. @default 4 */
  readonly cores?: number
  /** Disks that the data is read from; 0 if it fits into memory. There is no study for SSDs. @default 0 */
  readonly disks?: number
  /** Processes of the application: replicas × processes of each. @default 2 */
  readonly processes?: number
  /** Processes that a rolling update starts before it stops others. @default a quarter of the processes */
  readonly surge?: number
  /** Requests a second, of all processes together. @default 50 */
  readonly requestsPerSecond?: number
  /** @default 5 */
  readonly statementsPerRequest?: number
  /** The mean time that a statement keeps its connection, with the round trip, in milliseconds. @default 5 */
  readonly meanMillis?: number
  /** The 99th percentile of the same time, in milliseconds. @default 5 × meanMillis */
  readonly p99Millis?: number
  /** The share of that time in which the database works; the rest is the network. From above 0 to 1. @default 1 */
  readonly workShare?: number
  /** A request keeps one connection for all its statements, as in a transaction. @default false */
  readonly holdsPerRequest?: boolean
  /** Connections that one request holds at once. More than 1 can deadlock a pool. @default 1 */
  readonly connectionsAtOnce?: number
  /** The time limit of a request, in milliseconds. @default 10000 */
  readonly requestTimeoutMillis?: number
  /** The setting `max_connections` of the database. @default as many as needed, at least 100 */
  readonly maxConnections?: number
  /** The settings `superuser_reserved_connections` and `reserved_connections` together. @default 3 */
  readonly reservedConnections?: number
  /** Connections for migrations, monitoring and people. @default 5 */
  readonly otherConnections?: number
  /** Transaction poolers in front of the database; 0 for none. @default 0 */
  readonly poolers?: number
  /** Pairs of database and user that the poolers connect as. @default 1 */
  readonly pairs?: number
  /** Memory of the database server in bytes. @default 4 GiB for each core */
  readonly ramBytes?: number
  /** The setting `shared_buffers` in bytes. @default a quarter of the memory */
  readonly sharedBuffersBytes?: number
  /** The setting `work_mem` in bytes. @default what fits */
  readonly workMemBytes?: number
  /** Sorts and hashes of one statement at once. @default 2 */
  readonly sortsPerStatement?: number
  /** The setting `max_parallel_workers_per_gather`. @default 2 */
  readonly parallelWorkers?: number
}

/** The options with their defaults. `undefined` means: derived from the others. */
export interface ResolvedSize {
  readonly cores: number
  readonly disks: number
  readonly processes: number
  readonly surge: number
  readonly requestsPerSecond: number
  readonly statementsPerRequest: number
  readonly meanMillis: number
  readonly p99Millis: number
  readonly workShare: number
  readonly holdsPerRequest: boolean
  readonly connectionsAtOnce: number
  readonly requestTimeoutMillis: number
  readonly maxConnections: number | undefined
  readonly reservedConnections: number
  readonly otherConnections: number
  readonly poolers: number
  readonly pairs: number
  readonly ramBytes: number
  readonly sharedBuffersBytes: number
  readonly workMemBytes: number | undefined
  readonly sortsPerStatement: number
  readonly parallelWorkers: number
}

const gib = 2 ** 30

const table: OptionTable<SizeOptions, ResolvedSize> = {
  cores: ({ cores = 4 }) => whole('cores', cores, 1),
  disks: ({ disks = 0 }) => whole('disks', disks, 0),
  processes: ({ processes = 2 }) => whole('processes', processes, 1),
  surge: ({ surge, processes = 2 }) => whole('surge', surge ?? Math.ceil(processes / 4), 0),
  requestsPerSecond: ({ requestsPerSecond = 50 }) => positive('requestsPerSecond', requestsPerSecond),
  statementsPerRequest: ({ statementsPerRequest = 5 }) => positive('statementsPerRequest', statementsPerRequest),
  meanMillis: ({ meanMillis = 5 }) => positive('meanMillis', meanMillis),
  p99Millis: ({ p99Millis, meanMillis = 5 }) => p99('p99Millis', p99Millis ?? 5 * meanMillis, meanMillis),
  workShare: ({ workShare = 1 }) => share('workShare', workShare),
  holdsPerRequest: ({ holdsPerRequest = false }) => flag('holdsPerRequest', holdsPerRequest),
  connectionsAtOnce: ({ connectionsAtOnce = 1 }) => whole('connectionsAtOnce', connectionsAtOnce, 1),
  requestTimeoutMillis: ({ requestTimeoutMillis = 10_000 }) => whole('requestTimeoutMillis', requestTimeoutMillis, 100),
  maxConnections: ({ maxConnections: given }) => (given === undefined ? given : whole('maxConnections', given, 1)),
  reservedConnections: ({ reservedConnections = 3 }) => whole('reservedConnections', reservedConnections, 0),
  otherConnections: ({ otherConnections = 5 }) => whole('otherConnections', otherConnections, 0),
  poolers: ({ poolers = 0 }) => whole('poolers', poolers, 0),
  pairs: ({ pairs = 1 }) => whole('pairs', pairs, 1),
  ramBytes: ({ ramBytes, cores = 4 }) => positive('ramBytes', ramBytes ?? 4 * gib * cores),
  sharedBuffersBytes: ({ sharedBuffersBytes, ramBytes, cores = 4 }) =>
    positive('sharedBuffersBytes', sharedBuffersBytes ?? (ramBytes ?? 4 * gib * cores) / 4),
  workMemBytes: ({ workMemBytes: given }) => (given === undefined ? given : positive('workMemBytes', given)),
  sortsPerStatement: ({ sortsPerStatement = 2 }) => whole('sortsPerStatement', sortsPerStatement, 0),
  parallelWorkers: ({ parallelWorkers = 2 }) => whole('parallelWorkers', parallelWorkers, 0),
}

/** No sum of a plan grows beyond what a number can hold exactly. */
const most = 1e12

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionError for an unknown option and for a number that makes no sense
 */
export function resolveSize(options: SizeOptions): ResolvedSize {
  return resolveFrom('planSize()', options, table)
}

function whole(option: string, given: unknown, least: number): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most) return given
  throw new InvalidOptionError(option, given, `a whole number of at least ${least}`)
}

function positive(option: string, given: unknown): number {
  if (typeof given === 'number' && given > 0 && given <= most * gib) return given
  throw new InvalidOptionError(option, given, 'a number above 0')
}

function share(option: string, given: unknown): number {
  if (typeof given === 'number' && given > 0 && given <= 1) return given
  throw new InvalidOptionError(option, given, 'a number above 0 and of at most 1')
}

function flag(option: string, given: unknown): boolean {
  if (typeof given === 'boolean') return given
  throw new InvalidOptionError(option, given, 'true or false')
}

function p99(option: string, given: unknown, mean: number): number {
  if (typeof given === 'number' && given >= mean && given <= most) return given
  throw new InvalidOptionError(option, given, `a number of at least meanMillis (${mean})`)
}
