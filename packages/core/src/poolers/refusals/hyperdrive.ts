import { withCodes, type Refusal } from './refusal.ts'

/** Words of Cloudflare Hyperdrive. Source: the table of hyperdrive/observability/troubleshooting in Cloudflare's docs. */
export const hyperdriveRefusals: readonly Refusal[] = withCodes(/^(?:58000|XX000|08006|53300)$/, [
  {
    says: /^Failed to acquire a connection from the pool|^Timed out while waiting for an open slot in the pool/,
    kind: 'poolerBusy',
    isTransient: true,
    why: 'Hyperdrive got no connection to the database in time: all of its pool were busy, or the database does not let it in',
    instead:
      'shorten transactions if it happens now and then, or raise the connection limit of the configuration; if it happens always, look at the database',
  },
  {
    says: /^Server connection attempt failed/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'Hyperdrive itself cannot connect to the database',
    instead: 'look at the database and its firewall: it is down, or does not let Cloudflare’s addresses in',
  },
])
