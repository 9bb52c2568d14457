import type { RelationUse } from '../analyze/relation-uses.ts'
import type { Effect, SessionState } from '../rules/effect.ts'
import type { RuleId } from '../rules/index.ts'
import type { Parameter } from './call-arguments.ts'

/** The version of the description that this package reads and writes. */
export const descriptionVersion = 1

/**
 * The effects of the code in a database on its caller's session: the file that `poolsafe audit --write` writes.
 * It has the names of objects, and no bodies, no rows and no values. Objects that change nothing are left out, unless
 * one that changes the session has the same name.
 */
export interface CatalogDescription {
  readonly format: 'poolsafe.catalog'
  readonly version: typeof descriptionVersion
  /** ISO 8601. */
  readonly writtenAt: string
  readonly database: string
  /** `server_version_num`. */
  readonly serverVersion: number
  /** The schemas for unqualified names, after `pg_catalog`. `"$user"` is left out. */
  readonly searchPath: readonly string[]
  readonly routines: readonly DescribedRoutine[]
  readonly relations: readonly DescribedRelation[]
  readonly operators: readonly DescribedObject[]
  /** Domains, and types with a cast. */
  readonly types: readonly DescribedType[]
  readonly eventTriggers: readonly DescribedEventTrigger[]
}

/** The effects of some code. */
export interface DescribedCode {
  /** The state that is left in the session after it has run. */
  readonly leaves: readonly DescribedEffect[]
  /** Why it could not be judged, if such code was asked for. */
  readonly undecided?: string
}

/** An object that a statement names. */
export interface DescribedObject extends DescribedCode {
  readonly schema: string
  readonly name: string
  /** PostgreSQL has one with this name too, which an unqualified name means. */
  readonly isBuiltIn?: true
}

/** A function, a procedure or an aggregate. */
export interface DescribedRoutine extends DescribedObject {
  /** The fewest and the most arguments of a call. */
  readonly least: number
  readonly most: number
  readonly isVariadic?: true
  /** The parameters that a call gives, in their order. */
  readonly parameters?: readonly Parameter[]
  /**
   * All effects in their order, if it takes back some: a call that surely happens may take back what its caller left.
   */
  readonly runs?: readonly DescribedEffect[]
}

/** A table or a view. */
export interface DescribedRelation {
  readonly schema: string
  readonly name: string
  /** The code that statements on it run. */
  readonly hooks: readonly DescribedHook[]
}

/** Code that one kind of statement on a relation runs. */
export interface DescribedHook extends DescribedCode, HookCondition {
  readonly use: RelationUse
}

/** The parts of a statement that decide whether it runs a hook. */
export interface HookCondition {
  /** Runs only if one of these columns is set (`UPDATE OF`) … */
  readonly ofColumns?: readonly string[]
  /** … or if this column gets its default. */
  readonly defaultOf?: string
  /** The position of that column, from 0. */
  readonly position?: number
  /** Runs for rows of partitions and children, which a statement behind ONLY leaves out. */
  readonly ofChildren?: true
}

/** A domain; or a type, for values that are cast to it. */
export interface DescribedType extends DescribedObject {
  /** Runs for a cast of other values than constants. */
  readonly isCast?: true
}

/** An event trigger of DDL statements. */
export interface DescribedEventTrigger extends DescribedCode {
  readonly name: string
  readonly event: string
  /** The command tags that fire it; absent for all. */
  readonly tags?: readonly string[]
}

/** One effect, with the rule that found it and the chain that leads to it. */
export interface DescribedEffect extends Pick<
  Effect,
  'object' | 'isUncertain' | 'via' | 'what' | 'localIf' | 'ifOmitted'
> {
  readonly rule: RuleId
  readonly state: SessionState
  /** @default 'leaves' */
  readonly does?: Effect['does']
  /** @default 'always' */
  readonly when?: Effect['when']
  readonly becomes?: string
  readonly masks?: true
  readonly isUnqualified?: true
  readonly hides?: true
}
