import { withCodes, type Refusal } from './refusal.ts'

/**
 * PgCat's own words. It sends nearly all of them as 58000. Source: src/client.rs and src/messages.rs of
 * github.com/postgresml/pgcat; its issue 824 says that "AllServersDown" also means a full queue.
 */
export const pgcatRefusals: readonly Refusal[] = withCodes(/^(?:58000|57P01)$/, [
  {
    says: /^could not get connection from the pool/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'PgCat got no server connection within its connect_timeout: all of them were busy, or the server is down (it says AllServersDown in both cases)',
    instead:
      'look at SHOW POOLS of PgCat: shorten transactions or raise pool_size if clients wait, else look at the server',
  },
  {
    says: /^Pool down for database/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'PgCat itself cannot connect to PostgreSQL',
    instead: 'look at the log of PgCat: the server is down, or refuses its user or its database',
  },
  {
    says: /^No pool configured for database/,
    kind: 'unknownDatabase',
    isTransient: false,
    why: 'PgCat has no pool for this database and user',
    instead: 'the right database and user in the URL, or an entry in the section [pools] of PgCat',
  },
  {
    says: /^error (?:receiving data from|messaging) server/,
    kind: 'brokenConnection',
    isTransient: true,
    why: 'PgCat has lost its connection to PostgreSQL while this client was using it',
    instead: 'nothing for the next call; find out in the application whether a COMMIT that was under way was done',
  },
  {
    says: /^terminating connection due to administrator command$/,
    kind: 'shuttingDown',
    isTransient: true,
    why: 'PgCat is stopping, or the server ended this connection',
    instead: 'no action is needed: the pool connects again as soon as the pooler answers',
  },
])
