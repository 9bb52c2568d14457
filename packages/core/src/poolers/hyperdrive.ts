import { cells, each } from './cells.ts'
import { pooler, type NoOptions, type Pooler } from './pooler.ts'

/**
 * Cloudflare Hyperdrive: transaction mode; each server connection is reset when it returns to the pool. Source: its
 * documentation, "Pooling mode" and "Supported databases and features", of 2026-04.
 */
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
      directConnection: 'at Hyperdrive a second client with the URL of the database itself',
      notes: [
        'SET lasts for its transaction, or for the one text that it is part of (docs)',
        'The documentation does not say whether set_config is reset; assumed to leak',
        'NOTIFY and advisory locks are not supported (docs), not even pg_advisory_xact_lock: use a direct client',
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
