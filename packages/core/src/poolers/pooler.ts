import type { Claims, PoolerProfile } from './profile.ts'

/** The parts of a URL that tell. None of them is ever shown: in a malformed URL the password may be among them. */
export interface Parts {
  readonly protocol: string
  /** In lower case. */
  readonly host: string
  /** PostgreSQL's own where none is given. */
  readonly port: string
  readonly parameter: (name: string) => string | null
}

/** What in a URL speaks for a pooler. */
export interface Clue {
  /** The name of a service is stronger than a parameter, that one than a habit: of naming hosts, of choosing ports. */
  readonly by: 'service' | 'parameter' | 'host' | 'port'
  readonly matches: (parts: Parts) => boolean
  readonly certainty: 'likely' | 'possible'
  /** What it says for sure, where that is less than the profile takes for granted. */
  readonly claims?: Claims
  /** One sentence, for people. */
  readonly because: string
}

/** What is known of a pooler beside its profiles. */
export interface About<Options> {
  /** The options in each of the forms that differ, for the documentation. */
  readonly forms: readonly Options[]
  /**
   * With the options that follow from each, if any. Where several of a pooler's own match, the first decides. @default
   * []
   */
  readonly clues?: readonly (Clue & { readonly options?: Options })[]
}

/** Some options of a pooler, and the profile that they give. */
export interface Form {
  readonly options: unknown
  readonly profile: () => PoolerProfile
}

/** Makes the profile of a pooler, and carries what is known of it. */
export interface Pooler<Options> {
  (options?: Options): PoolerProfile
  readonly forms: readonly Form[]
  readonly clues: readonly (Clue & Form)[]
}

/** The options of a pooler of which nothing can be told. */
export type NoOptions = Readonly<Record<string, never>>

/** A habit of several services. */
export function isPooledHost({ host }: Parts): boolean {
  return /^[^.]+-pooler\./.test(host)
}

/** Joins what makes the profile with what is known beside it. */
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
