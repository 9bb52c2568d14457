import type { DetectedPooler } from './detect.ts'
import { hyperdrive } from './hyperdrive.ts'
import { neon } from './neon.ts'
import { pgbouncer } from './pgbouncer.ts'
import { prismaPostgres } from './prisma-postgres.ts'
import type { PoolerProfile } from './profile.ts'
import { rdsProxy } from './rds-proxy.ts'
import { strictest } from './strictest.ts'
import { supabase } from './supabase.ts'
import { supavisor } from './supavisor.ts'

/** The parts of a URL that tell. None of them is ever shown: in a malformed URL the password may be among them. */
interface Parts {
  readonly protocol: string
  /** In lower case. */
  readonly host: string
  /** PostgreSQL's own where none is given. */
  readonly port: string
  readonly parameter: (name: string) => string | null
}

interface Clue {
  readonly matches: (parts: Parts) => boolean
  readonly profile: () => PoolerProfile
  readonly certainty: 'likely' | 'possible'
  readonly because: string
}

const isSupavisorHost = ({ host }: Parts): boolean => host.endsWith('.pooler.supabase.com')
const isSupabaseHost = ({ host }: Parts): boolean => /^db\.[^.]+\.supabase\.co$/.test(host)
const isNeonHost = ({ host }: Parts): boolean => host.endsWith('.neon.tech')
const isProxyHost = ({ host }: Parts): boolean => /\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?$/.test(host)
const isPooledHost = ({ host }: Parts): boolean => /^[^.]+-pooler\./.test(host)

/** From the names of services, over parameters, to the habits of port numbers: the first that matches decides. */
const clues: readonly Clue[] = [
  {
    matches: ({ protocol }) => protocol === 'prisma:' || protocol === 'prisma+postgres:',
    profile: strictest,
    certainty: 'possible',
    because: 'the protocol is that of Prisma Accelerate, which is not PostgreSQL’s: nothing is known of its sessions',
  },
  {
    matches: (parts) => isSupavisorHost(parts) && parts.port === '5432',
    profile: () => supabase({ connection: 'session' }),
    certainty: 'likely',
    because: 'the host is Supabase’s shared pooler, and port 5432 is its session mode',
  },
  {
    matches: isSupavisorHost,
    profile: () => supabase({ connection: 'shared' }),
    certainty: 'likely',
    because: 'the host is Supabase’s shared pooler, and the port is not that of its session mode',
  },
  {
    matches: (parts) => isSupabaseHost(parts) && parts.port === '6543',
    profile: () => supabase({ connection: 'dedicated' }),
    certainty: 'likely',
    because: 'the host is a Supabase database, and port 6543 is its dedicated pooler',
  },
  {
    matches: (parts) => isSupabaseHost(parts) && parts.port === '5432',
    profile: () => supabase({ connection: 'direct' }),
    certainty: 'likely',
    because: 'the host is a Supabase database, and port 5432 is the database itself',
  },
  {
    matches: (parts) => isNeonHost(parts) && isPooledHost(parts),
    profile: () => neon({ connection: 'pooled' }),
    certainty: 'likely',
    because: 'the host is a pooled endpoint of Neon (-pooler)',
  },
  {
    matches: isNeonHost,
    profile: () => neon({ connection: 'direct' }),
    certainty: 'likely',
    because: 'the host is an endpoint of Neon without -pooler',
  },
  {
    matches: ({ host, parameter }) => host === 'pooled.db.prisma.io' || (host === 'db.prisma.io' && parameter('pooled') === 'true'),
    profile: () => prismaPostgres({ connection: 'pooled' }),
    certainty: 'likely',
    because: 'the host is the pooled one of Prisma Postgres',
  },
  {
    matches: ({ host }) => host === 'db.prisma.io',
    profile: () => prismaPostgres({ connection: 'direct' }),
    certainty: 'likely',
    because: 'the host is the direct one of Prisma Postgres',
  },
  { matches: isProxyHost, profile: rdsProxy, certainty: 'likely', because: 'the host is an Amazon RDS Proxy' },
  {
    matches: ({ host }) => host.endsWith('.hyperdrive.local'),
    profile: hyperdrive,
    certainty: 'likely',
    because: 'the host is that of Cloudflare Hyperdrive',
  },
  {
    matches: ({ parameter }) => parameter('pgbouncer') === 'true',
    // Prisma's parameter, which its users set for other poolers too.
    profile: () => ({ ...pgbouncer(), claims: { mode: 'transaction' } }),
    certainty: 'likely',
    because: 'the URL says pgbouncer=true',
  },
  {
    matches: ({ parameter }) => parameter('pooled') === 'true',
    profile: strictest,
    certainty: 'possible',
    because: 'the URL says pooled=true',
  },
  {
    matches: isPooledHost,
    profile: strictest,
    certainty: 'possible',
    because: 'the host’s name ends in -pooler',
  },
  { matches: ({ port }) => port === '6543', profile: supavisor, certainty: 'possible', because: 'port 6543 is Supavisor’s' },
  { matches: ({ port }) => port === '6432', profile: pgbouncer, certainty: 'possible', because: 'port 6432 is PgBouncer’s' },
]

/** What a URL tells by itself. */
export function detectFromUrl(url: string): DetectedPooler | undefined {
  const parts = partsOf(url)
  const clue = parts && clues.find(({ matches }) => matches(parts))
  return clue && { profile: clue.profile(), certainty: clue.certainty, because: clue.because }
}

/** Drivers take host and port from parameters as well (`?host=/run/postgresql`). */
function partsOf(url: string): Parts | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, searchParams } = new URL(url)
  return {
    protocol,
    host: (searchParams.get('host') ?? hostname).toLowerCase(),
    port: searchParams.get('port') ?? (port === '' ? '5432' : port),
    parameter: (name) => searchParams.get(name),
  }
}
