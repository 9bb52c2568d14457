import { withCodes, type Refusal } from './refusal.ts'

/**
 * Words of Neon's proxy, before and instead of those of PostgreSQL. Most come as XX000. Source:
 * proxy/src/control_plane/errors.rs and messages.rs of github.com/neondatabase/neon, and
 * neon.com/docs/connect/connection-errors.
 */
export const neonRefusals: readonly Refusal[] = withCodes(/^(?:XX000|08|28|53|57P|3D)/, [
  {
    says: /endpoint (?:has been|is) disabled|access to this endpoint is temporarily disabled/i,
    kind: 'quotaExceeded',
    isTransient: false,
    why: 'the Neon endpoint is disabled, by hand or by a limit of the plan',
    instead: 'enable the endpoint in the Neon console or by its API',
  },
  {
    says: /quota (?:is |has been )?exceeded|exceeded the (?:compute time|data transfer|active time) quota|limit of concurrently active endpoints/i,
    kind: 'quotaExceeded',
    isTransient: false,
    why: 'the project has used up a quota of its plan',
    instead: 'choose a larger plan or wait for the next month; the console shows which quota it is',
  },
  {
    says: /^Too many connections attempts|^Failed to acquire permit to connect to the database|^Rate limit exceeded/i,
    kind: 'rateLimited',
    isTransient: true,
    why: 'Neon limits the number of simultaneous attempts to connect',
    instead: 'create one pool per process, keep it, and give it fewer connections',
  },
  {
    says: /^(?:Console|Control plane) request failed|^Couldn't connect to compute node|^Failed to connect to the requested compute/i,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'Neon currently cannot start or reach the compute of this endpoint',
    instead: 'wait a few seconds, because the pool connects again; if it lasts, see neonstatus.com and the console',
  },
  {
    says: /endpoint ID is not specified|Inconsistent project name inferred from SNI/i,
    kind: 'unknownHost',
    isTransient: false,
    why: 'Neon finds the endpoint by the host name in TLS (SNI), and this connection sent none',
    instead: 'use the host name of the endpoint in the URL, not its address, or add options=endpoint%3D<id> to the URL',
  },
  {
    says: /connection is insecure/i,
    kind: 'tlsRequired',
    isTransient: false,
    why: 'Neon accepts connections only with TLS, and this one does not use it',
    instead: 'sslmode=verify-full in the URL, or ssl in the configuration of the pool',
  },
])
