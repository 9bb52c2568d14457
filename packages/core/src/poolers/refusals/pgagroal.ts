import { withCodes, type Refusal } from './refusal.ts'

/** The words of pgagroal itself. Source: src/libpgagroal/message.c of github.com/agroal/pgagroal. */
export const pgagroalRefusals: readonly Refusal[] = withCodes(/^(?:53300|28000)$/, [
  {
    says: /^connection pool is full$/,
    kind: 'poolerFull',
    isTransient: true,
    why: 'pgagroal has reached its max_connections, or the limit of this database and user',
    instead: 'fewer connections in each process (the pool of the application), or a higher limit in pgagroal',
  },
  {
    says: /^connection refused$/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'pgagroal refused the connection: it is being stopped, or cannot connect to PostgreSQL',
    instead: 'look at the log of pgagroal: the server is down, or refuses its user or its database',
  },
  {
    says: /^no pgagroal_hba\.conf entry|^unsupported security model for user/,
    kind: 'authentication',
    isTransient: false,
    why: 'pgagroal has no line that lets this user in from this address',
    instead: 'a line in pgagroal_hba.conf, or the right user, database and host in the URL',
  },
])
