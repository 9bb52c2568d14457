import type { SizeOptions } from '@poolsafe/operate'
import { bytesOf, numberOf } from '../numbers.ts'

/** The options of `poolsafe size` as they are typed. */
export interface SizeFlags {
  readonly cores?: string
  readonly disks?: string
  readonly processes?: string
  readonly surge?: string
  readonly rps?: string
  readonly statements?: string
  readonly mean?: string
  readonly p99?: string
  readonly workShare?: string
  readonly holdRequests?: boolean
  readonly atOnce?: string
  readonly requestTimeout?: string
  readonly maxConnections?: string
  readonly reserved?: string
  readonly others?: string
  readonly poolers?: string
  readonly pairs?: string
  readonly ram?: string
  readonly sharedBuffers?: string
  readonly workMem?: string
  readonly sorts?: string
  readonly parallelWorkers?: string
  readonly table?: boolean
  readonly simulate?: boolean
  readonly stats?: string
  readonly format: 'pretty' | 'json' | 'html'
}

/** Each option of the library, with the flag that has it. Flags of bytes are last. */
const flagOf = {
  cores: 'cores',
  disks: 'disks',
  processes: 'processes',
  surge: 'surge',
  requestsPerSecond: 'rps',
  statementsPerRequest: 'statements',
  meanMillis: 'mean',
  p99Millis: 'p99',
  workShare: 'workShare',
  connectionsAtOnce: 'atOnce',
  requestTimeoutMillis: 'requestTimeout',
  maxConnections: 'maxConnections',
  reservedConnections: 'reserved',
  otherConnections: 'others',
  poolers: 'poolers',
  pairs: 'pairs',
  sortsPerStatement: 'sorts',
  parallelWorkers: 'parallelWorkers',
  ramBytes: 'ram',
  sharedBuffersBytes: 'sharedBuffers',
  workMemBytes: 'workMem',
} as const satisfies { readonly [Name in Exclude<keyof SizeOptions, 'holdsPerRequest'>]: keyof SizeFlags }

/**
 * Reads the flags.
 *
 * @throws UsageError for a flag that is no number or no size
 */
export function sizeOptionsOf(flags: SizeFlags): SizeOptions {
  const numbers = Object.entries(flagOf).flatMap(([name, flag]) => {
    const text = flags[flag]
    if (text === undefined) return []
    return [[name, name.endsWith('Bytes') ? bytesOf(flag, text) : numberOf(flag, text)]]
  })
  return {
    ...(Object.fromEntries(numbers) as SizeOptions),
    ...(flags.holdRequests === true && { holdsPerRequest: true }),
  }
}
