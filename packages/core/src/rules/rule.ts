import type { Node } from '@pgsql/types'
import type { Effect, Telltale } from './effect.ts'
import type { Clearing, RepairExample, Repaired } from './repair.ts'
import type { StatementText } from '../sql/statement-text.ts'
import type { HelperUse } from './helper.ts'
import type { FunctionCall } from '../sql/function-call.ts'

type Tag = Node extends infer Each ? (Each extends Each ? keyof Each : never) : never
type Tagged<T extends Tag> = Node extends infer Each ? (Each extends Record<T, infer Inner> ? Inner : never) : never

/** The effects that a rule detects in a node: none, one or several. */
export type Detected = Effect | readonly Effect[] | undefined

/** The position of a node in the text. */
export interface Place {
  /** True for a statement of the text, false for a part of one. */
  readonly isWholeStatement: boolean
}

/** A fact about a call that its SQL text does not show. */
export type CallSign =
  | 'cancelByPid'
  | 'namedStatement'
  | 'outsideHandle'
  | 'releasedInTransaction'
  | 'releasedTwice'
  | 'startupParameter'
  | 'undecided'
  | 'usedAfterRelease'
  | 'wrongProfile'

/**
 * A statement with the circumstances that the rule needs. A plain string is a statement in autocommit on a pinned
 * connection.
 */
export interface Example {
  readonly sql: string
  /** The driver sends it as a named statement. */
  readonly named?: boolean
  /** False if `pool.query` sends it, on a connection borrowed for this statement. @default true */
  readonly pinned?: boolean
}

/** How statements of a rule are repaired in an open transaction. */
export interface RuleRepair {
  /** Tests run them, and the documentation shows them. */
  readonly examples: readonly RepairExample[]
  /** Keyed by parser node. Called for nodes that PostgreSQL executes. */
  readonly on: { readonly [T in Tag]?: (node: Tagged<T>, text: StatementText) => Repaired }
}

/** The safe form as code, in SQL and through each library. */
export interface Remedy {
  readonly sql?: string
  readonly pg?: string
  readonly kysely?: string
  readonly prisma?: string
}

/**
 * One unit of detection. Users read its sentences; the tests and the proofs run its examples. A rule knows SQL and no
 * pooler: the profile of the pooler decides whether an effect does harm.
 */
export interface Rule<Id extends string = string> {
  /** `<family>/<thing>`; never changes. */
  readonly id: Id
  /** The mistake, in a few words. */
  readonly title: string
  /** The cause: what PostgreSQL does. Without the final full stop. */
  readonly why: string
  /** The remedy. Without the final full stop. */
  readonly instead: string
  /** `instead` speaks of a direct connection. A service may have its own name for it: see `PoolerProfile`. */
  readonly mentionsDirect?: true
  /** Replaces `why` or `instead` over a direct connection, if that text mentions a pooler or a direct connection. */
  readonly onDirect?: { readonly why?: string; readonly instead?: string }
  /** The helper of poolsafe that replaces it. @default none */
  readonly helpers?: readonly HelperUse[]
  /** `instead` as code. The documentation shows it, and tests run it. */
  readonly remedy: Remedy
  readonly examples: {
    readonly unsafe: readonly (string | Example)[]
    readonly safe: readonly (string | Example)[]
    /** The server answers them differently each time: an identifier, a time. Tests then compare the form alone. */
    readonly answersVary?: true
  }
  /**
   * How its statements are repaired in an open transaction. Absent if nothing does the same for one transaction only.
   */
  readonly repair?: RuleRepair
  /** How the end of the transaction removes what its statements leave. Used where {@link repair} has no form. */
  readonly clearing?: Clearing
  /** Why its statements have no exact repair, after "not repaired: ". @default a general reason */
  readonly unrepairable?: string
  /** Keyed by parser node, so that words in a literal or a comment never match. */
  readonly on?: { readonly [T in Tag]?: (node: Tagged<T>, place: Place) => Detected }
  /** Keyed by the name of a function in `pg_catalog`. The scan collects these names. */
  readonly functions?: Readonly<Record<string, (call: FunctionCall) => Detected>>
  /**
   * Keyed by the name of an extension's function, which may be in any schema (`dblink_connect`), or by schema and name
   * if the extension has its own schema (`dbms_output.enable`). The scan collects these names too.
   */
  readonly extensionFunctions?: Readonly<Record<string, (call: FunctionCall) => Detected>>
  /** Filters the rule's effects within one statement, if one effect makes another harmless. */
  readonly ofStatement?: (effects: readonly Effect[]) => readonly Effect[]
  /** More names, found anywhere in a text, that make the scan pass it to the parser. */
  readonly names?: readonly string[]
  /** More keywords, found as whole words, that make the scan pass a text to the parser. */
  readonly keywords?: readonly string[]
  /**
   * Like `keywords`, for words that are too common to indicate session state in a text that the parser rejects. They do
   * not make such a text undecided.
   */
  readonly commonKeywords?: readonly string[]
  /**
   * First words of the statements that `on` judges. They identify a statement that the parser rejects. Not needed if a
   * name or a keyword identifies it.
   */
  readonly firstWords?: readonly string[]
  /**
   * Keyed by the sign of a call. `name` says which one, such as the startup parameter; it is empty if there is only one
   * kind.
   */
  readonly call?: { readonly [Sign in CallSign]?: (name: string) => Effect | undefined }
  /** Effects that only the server's answer shows. */
  readonly answer?: {
    /** When, in words: `COMMIT that the server answers with ROLLBACK`. */
    readonly when: string
    readonly tells: (statement: Node) => readonly Telltale[]
  }
  /** Reported in strict mode only. @default false */
  readonly strictOnly?: boolean
}
