import type { Parameter } from '@poolsafe/core/internal'
import { askRows, type Ask } from '../ask/ask.ts'
import { queries, type QueryName } from './queries.ts'

export interface Server {
  readonly version: number
  readonly database: string
  readonly role: string
  readonly standby: boolean
  readonly reads_stats: boolean
}

/** Code that PostgreSQL keeps as a tree. */
interface Resolved {
  /** The functions of users that it calls, by their oids; absent or `null` if they are not known. */
  readonly uses?: readonly string[] | null
}

export interface Routine extends Resolved {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly arguments: string
  /** `f` function, `p` procedure, `a` aggregate, `w` window function. */
  readonly kind: 'f' | 'p' | 'a' | 'w'
  readonly language: string
  readonly most: number
  readonly least: number
  readonly variadic: boolean
  readonly for_triggers: boolean
  /** The parameters that a call gives; `null` without any. */
  readonly parameters: readonly Parameter[] | null
  readonly owner: string
  readonly search_path: string | null
  readonly definition: string | null
  /** For an aggregate: the functions that it consists of. */
  readonly parts: readonly string[] | null
}

export interface Relation extends Resolved {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f'
  /** For a view that passes changes on to its table: bits for UPDATE (4), INSERT (8) and DELETE (16). */
  readonly updatable: number
  readonly definition: string | null
}

export interface Trigger {
  readonly relation: string
  readonly name: string
  readonly function: string
  /** Bits of `pg_trigger.tgtype`. */
  readonly type: number
  /** Its function reads TG_OP or the like. */
  readonly reads_facts: boolean
  /** What it gives its function, with escapes by a backslash. */
  readonly arguments: readonly string[]
  readonly definition: string
  readonly columns: readonly string[] | null
}

export interface EventTrigger {
  readonly name: string
  readonly event: string
  /** The command tags that fire it; `null` for all. */
  readonly tags: readonly string[] | null
  readonly function: string
}

export interface ColumnDefault extends Resolved {
  readonly relation: string
  readonly column: string
  /** The position of the column, from 0. */
  readonly position: number
  readonly generated: string
  readonly expression: string
}

export interface Check extends Resolved {
  readonly relation: string | null
  readonly domain: string | null
  readonly name: string
  readonly expression: string
}

export interface Policy extends Resolved {
  readonly relation: string
  readonly name: string
  /** `r` SELECT, `a` INSERT, `w` UPDATE, `d` DELETE, `*` all. */
  readonly command: string
  readonly using: string | null
  readonly checks: string | null
}

export interface RewriteRule extends Resolved {
  readonly relation: string
  readonly name: string
  /** `1` SELECT, `2` UPDATE, `3` INSERT, `4` DELETE. */
  readonly event: string
  readonly definition: string
  /** It always runs instead of the statement. */
  readonly replaces: boolean
}

export interface Index extends Resolved {
  readonly relation: string
  readonly name: string
  readonly expression: string
}

export interface Domain {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly base: string
}

export interface DomainColumn {
  readonly relation: string
  readonly column: string
  /** The position of the column, from 0. */
  readonly position: number
  readonly domain: string
  /** The default of the domain, if the column has none of its own. */
  readonly expression: string | null
}

/** A type that has values of a domain inside. */
export interface Carrier {
  readonly schema: string
  readonly name: string
  readonly domain: string
}

export interface Operator {
  readonly schema: string
  readonly name: string
  readonly function: string
}

export interface Cast {
  readonly source: string
  readonly target: string
  /** The schema of the target type. */
  readonly schema: string
  readonly name: string
  readonly function: string
}

/** A foreign key that acts on its table, a partition (`p`) or a child of a table (`i`). */
export interface Family {
  readonly relation: string
  readonly child: string
  readonly on_delete: string
  readonly on_update: string | null
  /** The columns of a foreign key; `null` for a partition or a child. */
  readonly columns: readonly string[] | null
  /** The columns that ON DELETE sets; `null` for all of the foreign key. */
  readonly deleted: readonly string[] | null
}

/** Everything in the catalog that is code, or leads to code. */
export interface Catalog {
  readonly server: Server
  readonly searchPath: string
  readonly routines: readonly Routine[]
  readonly builtIn: ReadonlySet<string>
  readonly builtInOperators: ReadonlySet<string>
  readonly relations: readonly Relation[]
  readonly triggers: readonly Trigger[]
  readonly eventTriggers: readonly EventTrigger[]
  readonly defaults: readonly ColumnDefault[]
  readonly checks: readonly Check[]
  readonly policies: readonly Policy[]
  readonly rules: readonly RewriteRule[]
  readonly indexes: readonly Index[]
  readonly domains: readonly Domain[]
  readonly domainColumns: readonly DomainColumn[]
  readonly carriers: readonly Carrier[]
  readonly operators: readonly Operator[]
  readonly casts: readonly Cast[]
  readonly families: readonly Family[]
}

/**
 * Reads the catalog.
 *
 * @throws DatabaseUnreadableError
 */
export async function readCatalog(ask: Ask): Promise<Catalog> {
  const rows = async <Row>(name: QueryName): Promise<Row[]> => askRows<Row>(ask, `the catalog (${name})`, queries[name])
  const names = async (name: 'builtIn' | 'builtInOperators'): Promise<Set<string>> =>
    new Set((await rows<{ readonly name: string }>(name)).map((row) => row.name))
  const [server] = await rows<Server>('server')
  const [path] = await rows<{ readonly path: string }>('searchPath')
  return {
    server: server as Server,
    searchPath: path?.path ?? '',
    routines: await rows<Routine>('routines'),
    builtIn: await names('builtIn'),
    builtInOperators: await names('builtInOperators'),
    relations: await rows<Relation>('relations'),
    triggers: await rows<Trigger>('triggers'),
    eventTriggers: await rows<EventTrigger>('eventTriggers'),
    defaults: await rows<ColumnDefault>('defaults'),
    checks: await rows<Check>('checks'),
    policies: await rows<Policy>('policies'),
    rules: await rows<RewriteRule>('rules'),
    indexes: await rows<Index>('indexes'),
    domains: await rows<Domain>('domains'),
    domainColumns: await rows<DomainColumn>('domainColumns'),
    carriers: await rows<Carrier>('carriers'),
    operators: await rows<Operator>('operators'),
    casts: await rows<Cast>('casts'),
    families: await rows<Family>('families'),
  }
}
