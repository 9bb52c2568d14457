import { cells, each } from './cells.ts'
import { pooler, type NoOptions, type Pooler } from './pooler.ts'

/** Cloudflare Hyperdrive: transaction mode, each server connection reset when it comes back. */
export const hyperdrive: Pooler<NoOptions> = pooler<NoOptions>(
  () => {
    return {
      name: 'hyperdrive',
      label: 'Cloudflare Hyperdrive',
      ...cells(['leaks', 'assumed: the documentation does not name it'], {
        ...each(
          ['listen', 'temp-object', 'advisory-lock', 'held-cursor'],
          ['leaks', 'docs: unsupported; assumed to leak'],
        ),
        setting: ['wiped', 'docs: pooling mode (RESET); not measured'],
        ...each(['role', 'session-authorization'], ['wiped', 'assumed from the RESET of the docs']),
        'sql-prepared-statement': ['rejected', 'docs: unsupported; not measured'],
        'named-statement': ['tracked', 'docs: pg and postgres.js; not measured'],
        'startup-parameter': ['ignored', 'assumed: the documentation does not name it'],
      }),
      trackedSettings: new Set(),
      claims: { pooler: 'Cloudflare Hyperdrive', mode: 'transaction' },
      byRule: { 'session/set-config': 'leaks', 'session/discard': 'rejected' },
      notes: [
        'SET holds for its transaction, or for the one text that it is part of (docs)',
        'Whether set_config is reset is not documented; assumed to leak',
      ],
    }
  },
  {
    forms: [{}],
    clues: [
      {
        by: 'service',
        matches: ({ host }) => host.endsWith('.hyperdrive.local'),
        certainty: 'likely',
        because: 'the host is that of Cloudflare Hyperdrive',
      },
    ],
  },
)
