import type { Node } from '@pgsql/types'
import type { Effect, Telltale } from './effect.ts'
import type { FunctionCall } from '../sql/function-call.ts'

type Tag = Node extends infer Each ? (Each extends Each ? keyof Each : never) : never
type Tagged<T extends Tag> = Node extends infer Each ? (Each extends Record<T, infer Inner> ? Inner : never) : never

/** What a rule says of a node: nothing, one effect or several. */
export type Detected = Effect | readonly Effect[] | undefined

/** Where in the text a node stands. */
export interface Place {
  /** The node is a statement of the text, not a part of one. */
  readonly isWholeStatement: boolean
}

/** What the call tells beside its SQL text. */
export type CallSign =
  | 'cancelByPid'
  | 'namedStatement'
  | 'outsideHandle'
  | 'releasedInTransaction'
  | 'startupParameter'
  | 'undecided'
  | 'usedAfterRelease'
  | 'wrongProfile'

/**
 * A statement with the circumstances that the rule needs; a bare text stands for one in autocommit on a pinned
 * connection.
 */
export interface Example {
  readonly sql: string
  /** The driver sends it as a named statement. */
  readonly named?: boolean
  /** `false`: sent through `pool.query`, on a connection of its own. */
  readonly pinned?: boolean
}

/** The safe form as code, by where it is written. */
export interface Remedy {
  readonly sql?: string
  readonly pg?: string
  readonly kysely?: string
  readonly prisma?: string
}

/**
 * One unit of detection. The sentences are what a user reads; the examples are run by the tests and by the proofs.
 * A rule knows SQL and nothing of poolers: whether its effects do harm is decided by the pooler's profile.
 */
export interface Rule<Id extends string = string> {
  /** Stable for ever: `<family>/<thing>`. */
  readonly id: Id
  /** The offence in a few words. */
  readonly title: string
  /** The cause, in one sentence: what PostgreSQL does. */
  readonly why: string
  /** The remedy, in one sentence. */
  readonly instead: string
  /** What `instead` means in code; shown in the documentation, checked by the tests. */
  readonly remedy: Remedy
  readonly examples: {
    readonly unsafe: readonly (string | Example)[]
    readonly safe: readonly (string | Example)[]
  }
  /** Keyed by the parser's node, so that words in a literal or a comment can never fire. */
  readonly on?: { readonly [T in Tag]?: (node: Tagged<T>, place: Place) => Detected }
  /** Keyed by the name of a function of `pg_catalog`; the scan learns the names from here. */
  readonly functions?: Readonly<Record<string, (call: FunctionCall) => Detected>>
  /**
   * Keyed by the name of an extension's function, which may be in any schema (`dblink_connect`), or by schema and name
   * where the extension has a schema of its own (`dbms_output.enable`). The scan learns the names from here as well.
   */
  readonly extensionFunctions?: Readonly<Record<string, (call: FunctionCall) => Detected>>
  /** What remains of the rule's effects in one statement, where one takes the point out of another. */
  readonly ofStatement?: (effects: readonly Effect[]) => readonly Effect[]
  /** Further names that the scan must not call harmless, found anywhere in a text. */
  readonly names?: readonly string[]
  /** Further keywords that the scan must not call harmless, found as whole words. */
  readonly keywords?: readonly string[]
  /**
   * The same, for keywords that are too common to speak for session state in a text that no parser reads: such a text
   * stays unjudged for them.
   */
  readonly commonKeywords?: readonly string[]
  /**
   * First words of the statements that `on` judges, where they tell them from others: all that is known of a text which
   * no parser reads. Not needed where a name or a keyword tells as well.
   */
  readonly firstWords?: readonly string[]
  /**
   * Keyed by what the call tells beside its text. `name`: of what it is, such as the startup parameter's; empty where
   * there is one kind.
   */
  readonly call?: { readonly [Sign in CallSign]?: (name: string) => Effect | undefined }
  /** What the server's answer to a statement tells, after the fact. */
  readonly answer?: {
    /** When, in words: `COMMIT that the server answers with ROLLBACK`. */
    readonly when: string
    readonly tells: (statement: Node) => readonly Telltale[]
  }
  /** A finding in strict mode only. */
  readonly strictOnly?: boolean
}
