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
    why: 'somebody, or a limit of the plan, has disabled the endpoint of Neon',
    instead: 'enable the endpoint in the console or by the API of Neon',
  },
  {
    says: /quota (?:is |has been )?exceeded|exceeded the (?:compute time|data transfer|active time) quota|limit of concurrently active endpoints/i,
    kind: 'quotaExceeded',
    isTransient: false,
    why: 'the project has used up a quota of its plan',
    instead: 'a larger plan, or a new month; the console says which quota it is',
  },
  {
    says: /^Too many connections attempts|^Failed to acquire permit to connect to the database|^Rate limit exceeded/i,
    kind: 'rateLimited',
    isTransient: true,
    why: 'Neon lets in only so many attempts to connect at once',
    instead: 'one pool for each process, made once and kept, and fewer connections in it',
  },
  {
    says: /^(?:Console|Control plane) request failed|^Couldn't connect to compute node|^Failed to connect to the requested compute/i,
    kind: 'poolerCannotConnect',
    isTransient: true,
    why: 'Neon cannot start or reach the compute behind this endpoint at the moment',
    instead: 'nothing for a few seconds: the pool connects again; if it stays, neonstatus.com and the console',
  },
  {
    says: /endpoint ID is not specified|Inconsistent project name inferred from SNI/i,
    kind: 'unknownHost',
    isTransient: false,
    why: 'Neon finds the endpoint by the host name inside TLS (SNI), and this connection did not tell one',
    instead: 'the host name of the endpoint in the URL, not its address; or options=endpoint%3D<id> in the URL',
  },
  {
    says: /connection is insecure/i,
    kind: 'tlsRequired',
    isTransient: false,
    why: 'Neon takes connections with TLS only, and this one came without',
    instead: 'sslmode=verify-full in the URL, or ssl in the configuration of the pool',
  },
])
