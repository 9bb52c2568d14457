import type { Claims, PoolerProfile } from './profile.ts'

/**
 * The parts of a URL that identify a pooler. They are never shown, because in a malformed URL they may contain the
 * password.
 */
export interface Parts {
  readonly protocol: string
  /** In lower case. */
  readonly host: string
  /** The default is PostgreSQL's own port. */
  readonly port: string
  readonly parameter: (name: string) => string | null
}

/** A part of a URL that suggests a pooler. */
export interface Clue {
  /**
   * A service name is stronger than a parameter. A parameter is stronger than a habit of naming hosts or choosing
   * ports.
   */
  readonly by: 'service' | 'parameter' | 'host' | 'port'
  readonly matches: (parts: Parts) => boolean
  readonly certainty: 'likely' | 'possible'
  /** The claims that the clue proves, if they are fewer than those of the profile. */
  readonly claims?: Claims
  /** One sentence, for people. */
  readonly because: string
}

/** The known facts about a pooler in addition to its profiles. */
export interface About<Options> {
  /** The options of each form with different behaviour, for the documentation. */
  readonly forms: readonly Options[]
  /**
   * With the options that follow from each, if any. Where several of a pooler's own match, the first decides.
   * @default []
   */
  readonly clues?: readonly (Clue & { readonly options?: Options })[]
}

/** Some options of a pooler and the resulting profile. */
export interface Form {
  readonly options: unknown
  readonly profile: () => PoolerProfile
}

/** Creates the profile of a pooler. Its properties hold the other facts about the pooler. */
export interface Pooler<Options> {
  (options?: Options): PoolerProfile
  readonly forms: readonly Form[]
  readonly clues: readonly (Clue & Form)[]
}

/** The options of a pooler without options. */
export type NoOptions = Readonly<Record<string, never>>

/** A habit of several services. */
export function isPooledHost({ host }: Parts): boolean {
  return /^[^.]+-pooler\./.test(host)
}

/** Combines the factory of the profiles with the other facts about the pooler. */
export function pooler<Options>(
  profileOf: (options?: Options) => PoolerProfile,
  { forms, clues = [] }: About<Options>,
): Pooler<Options> {
  const formOf = (options?: Options, more: { claims?: Claims } = {}): Form => ({
    options,
    profile: () => ({ ...profileOf(options), ...more }),
  })
  return Object.assign((options?: Options) => profileOf(options), {
    forms: forms.map((options) => formOf(options)),
    clues: clues.map((clue) => ({ ...clue, ...formOf(clue.options, clue.claims && { claims: clue.claims }) })),
  })
}
