import { checkObject, checkOneOf } from '../options.ts'
import { session } from './cells.ts'
import { pgBouncerOptions, pgBouncerProfile, type PgBouncerOptions } from './pgbouncer.ts'
import { pooler, type Parts, type Pooler } from './pooler.ts'
import { droppedAtStartup, passedAtStartup, supavisorProfile, type SupavisorOptions } from './supavisor.ts'

const isShared = ({ host }: Parts): boolean => host.endsWith('.pooler.supabase.com')
const isDatabase = ({ host }: Parts): boolean => /^db\.[^.]+\.supabase\.co$/.test(host)
/**
 * https://supabase.com/docs/guides/database/connecting-to-postgres: the database's own host has an IPv6 address alone,
 * unless IPv4 is bought.
 */
const directConnection =
  'at Supabase the session pooler, port 5432 of the host *.pooler.supabase.com; or db.*.supabase.co:5432 where your network has IPv6'
const connections = ['shared', 'session', 'dedicated', 'direct'] as const

/** The way to Supabase that the application takes, and the known facts about the pooler there. */
export type SupabaseOptions =
  /** `*.pooler.supabase.com:6543`: Supavisor in transaction mode. The default. */
  | ({ readonly connection?: 'shared' } & SupavisorOptions)
  /** `db.*.supabase.co:6543`: PgBouncer in transaction mode. */
  | ({ readonly connection: 'dedicated' } & PgBouncerOptions)
  /** `*.pooler.supabase.com:5432`, Supavisor in session mode; or `db.*.supabase.co:5432`, PostgreSQL itself. */
  | { readonly connection: 'session' | 'direct' }

/**
 * Supabase.
 *
 * @throws InvalidOptionError for an option or a value that this connection does not have
 */
export const supabase: Pooler<SupabaseOptions> = pooler<SupabaseOptions>(
  (options: SupabaseOptions = {}) => {
    const factory = 'poolers.supabase()'
    checkObject(factory, options, ['connection', 'namedPreparedStatements', ...pgBouncerOptions])
    const { connection = 'shared', ...others } = options
    const name = 'supabase'
    checkOneOf(`${factory}: connection`, connection, connections)
    if (connection === 'shared')
      return {
        ...supavisorProfile(factory, name, 'Supabase, shared pooler: ', others as SupavisorOptions),
        directConnection,
      }
    if (connection === 'dedicated') {
      return {
        ...pgBouncerProfile({ factory, name, prefix: 'Supabase, dedicated pooler: ' }, others as PgBouncerOptions),
        directConnection,
      }
    }
    checkObject(`${factory} with connection '${connection}'`, options, ['connection'])
    if (connection === 'direct') return session(name, 'Supabase, direct connection', 'as a direct connection')
    const profile = session(name, 'Supabase, session mode', 'docs: session mode, port 5432; not measured', {
      'backend-pid': ['leaks', 'assumed: not measured'],
      'startup-parameter': droppedAtStartup,
    })
    return { ...profile, claims: { pooler: 'Supavisor', mode: 'session' }, startup: passedAtStartup }
  },
  {
    forms: [{}, { connection: 'dedicated' }, { connection: 'session' }],
    clues: [
      {
        by: 'service',
        matches: (parts) => isShared(parts) && parts.port === '5432',
        options: { connection: 'session' },
        certainty: 'likely',
        because: 'the host is Supabase’s shared pooler, and port 5432 is its session mode',
      },
      {
        by: 'service',
        matches: isShared,
        options: { connection: 'shared' },
        certainty: 'likely',
        because: 'the host is Supabase’s shared pooler, and the port is not that of its session mode',
      },
      {
        by: 'service',
        matches: (parts) => isDatabase(parts) && parts.port === '6543',
        options: { connection: 'dedicated' },
        certainty: 'likely',
        because: 'the host is a Supabase database, and port 6543 is its dedicated pooler',
      },
      {
        by: 'service',
        matches: (parts) => isDatabase(parts) && parts.port === '5432',
        options: { connection: 'direct' },
        certainty: 'likely',
        because: 'the host is a Supabase database, and port 5432 is the database itself',
      },
    ],
  },
)
