import { cells } from './cells.ts'
import { isPooledHost, pooler, type NoOptions, type Pooler } from './pooler.ts'

/** Any transaction pooler at its worst: nothing is tracked, everything leaks. The default. */
export const strictest: Pooler<NoOptions> = pooler<NoOptions>(
  () => {
    return {
      name: 'strictest',
      label: 'any transaction pooler (strictest profile: nothing is tracked)',
      ...cells(['leaks', 'assumed: the worst of all poolers'], {
        'startup-parameter': ['rejected', 'assumed: as PgBouncer does; others drop it silently'],
      }),
      trackedSettings: new Set(),
    }
  },
  {
    forms: [{}],
    clues: [
      {
        by: 'service',
        matches: ({ protocol }) => protocol === 'prisma:' || protocol === 'prisma+postgres:',
        certainty: 'possible',
        because: 'the protocol is that of Prisma Accelerate, not of PostgreSQL, and its sessions are unknown',
      },
      {
        by: 'parameter',
        matches: ({ parameter }) => parameter('pooled') === 'true',
        certainty: 'possible',
        because: 'the URL says pooled=true',
      },
      { by: 'host', matches: isPooledHost, certainty: 'possible', because: 'the host’s name ends in -pooler' },
    ],
  },
)
