import type { Effect } from './effect.ts'
import type { Rule } from './rule.ts'

/** @param difference in words, such as `it says mode session, not mode transaction` */
function onContradiction(difference: string): Effect {
  const told = { outcome: 'unknown', consequence: `does not fit the connection: ${difference}` } as const
  return { does: 'unknown', state: 'transaction', what: 'the guard’s profile', when: 'always', told }
}

/**
 * Every verdict rests on the profile. One for another pooler is silent where it must not be, or the other way round.
 */
export const wrongProfile: Rule<'connection/wrong-profile'> = {
  id: 'connection/wrong-profile',
  title: 'the guard’s profile does not match the pooler',
  why: 'every verdict depends on the profile, which says what the pooler carries. With another pooler, mode or version in front of the database, the guard misses state that leaks or reports harmless statements',
  instead:
    'pass the profile of the actual pooler, with its version and settings: createGuard({ pooler: … }). poolers.detect() derives it from a URL or a login',
  remedy: {
    pg: `const pooler = poolers.pgbouncer({ version: '1.26', serverVersion: 18 })
const pool = guardPool(new pg.Pool({ connectionString }), createGuard({ pooler }))`,
    kysely: `const guard = createGuard({ pooler: poolers.supabase({ connection: 'shared' }) })
const db = new Kysely<Database>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })`,
    prisma: `const guard = createGuard({ pooler: poolers.neon() })
const adapter = guardAdapter(new PrismaPg({ connectionString }), guard)`,
  },
  examples: { unsafe: [], safe: ['SELECT 1'] },
  call: { wrongProfile: onContradiction },
}
