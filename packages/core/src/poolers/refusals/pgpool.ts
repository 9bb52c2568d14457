import { withCodes, type Refusal } from './refusal.ts'

/**
 * The words of Pgpool-II itself. Its "Sorry" has a capital, PostgreSQL's has none. Source: src/protocol/child.c of
 * Pgpool-II 4.5, and public reports.
 */
export const pgpoolRefusals: readonly Refusal[] = withCodes(/^(?:53300|XX000|57|08)/, [
  {
    says: /^Sorry, too many clients already$/,
    kind: 'poolerFull',
    isTransient: true,
    why: 'all processes of Pgpool-II serve other clients (num_init_children minus reserved_connections)',
    instead: 'fewer connections in each process (the pool of the application), or a higher num_init_children',
  },
  {
    says: /^pgpool is not accepting any new connections|^all backend nodes are down, pgpool requires|^failed to create a backend connection/,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'Pgpool-II itself cannot connect to PostgreSQL, or holds all its nodes for down',
    instead: 'look at SHOW POOL_NODES: attach a node that runs again (pcp_attach_node), else look at the server',
  },
  {
    says: /kind mismatch among backends/,
    kind: 'brokenConnection',
    isTransient: true,
    why: 'the nodes behind Pgpool-II answered the same statement differently, and it closed the connection',
    instead: 'look at the replication between the nodes; find out in the application whether the statement was done',
  },
  {
    says: /client_idle_limit/,
    kind: 'poolerTimeout',
    isTransient: true,
    why: 'a time limit of Pgpool-II for idle clients ended the connection',
    instead:
      'idleTimeoutMillis of the pool below client_idle_limit, so that the pool closes its idle connections first',
  },
])
