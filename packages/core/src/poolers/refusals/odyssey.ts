import { withCodes, type Refusal } from './refusal.ts'

/**
 * Odyssey's own words; each begins with its name and the client's. Source: sources/frontend.c and sources/od_error.h of
 * github.com/yandex/odyssey.
 */
export const odysseyRefusals: readonly Refusal[] = withCodes(/^(?:XX000|08|28|53|58|57P)/, [
  {
    says: /^odyssey: .*(?:failed to (?:connect to|get) remote server|remote server (?:read|write) error)/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'Odyssey itself cannot connect to PostgreSQL',
    instead: 'look at the log of Odyssey: the server is down, or refuses its user or its database',
  },
  {
    says: /^odyssey: .*too many (?:active clients|tcp connections)/,
    kind: 'poolerFull',
    isTransient: true,
    why: 'Odyssey has reached its limit of clients',
    instead: 'fewer connections in each process (the pool of the application), or a higher client_max',
  },
])
