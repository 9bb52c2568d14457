import type { Logger } from '../log/log-writer.ts'
import type { CatalogDescription } from '../catalog/description.ts'
import { readDescription } from '../catalog/read-description.ts'
import { StoredCode } from '../catalog/stored-code.ts'
import { InvalidOptionError } from '../errors.ts'
import { checkExceptions, type ExceptionOption } from '../exceptions/option.ts'
import { checkObject, checkOneOf, namesOf, resolveFrom, type OptionTable } from '../options.ts'
import { carriesAll, type PoolerProfile } from '../poolers/profile.ts'
import { strictest } from '../poolers/strictest.ts'
import {
  observeOptionNames,
  resolveObserveOptions,
  type ObserveOptions,
  type ResolvedObserveOptions,
} from '../observe/options.ts'
import { rules, type RuleId } from '../rules/index.ts'

/**
 * The handling of findings:
 *
 * - `off`: nothing is wrapped; `guard…` functions return what they were given, untouched
 * - `warn`: poolsafe logs a finding once for each rule and statement, and sends the statement
 * - `repair`: poolsafe sends a statement that does the same for its transaction and leaves nothing behind. A finding
 *   without an exact repair is logged as in `warn`, with the reason
 * - `strict`: a finding throws before the statement is sent; so does a statement that cannot be judged
 */
export type Mode = 'off' | 'warn' | 'repair' | 'strict'

/**
 * The handling of one rule's findings.
 *
 * - `allow`: nothing
 * - `warn`: poolsafe logs them
 * - `throw`: poolsafe refuses the statement
 * - `repair`: poolsafe repairs the statement where that is exact. Elsewhere it logs the finding, or refuses the
 *   statement in mode `strict`
 * - `direct`: the checkout moves to a direct connection before the statement is sent. Where that is not possible,
 *   `mode` decides
 */
export type Policy = 'allow' | 'warn' | 'throw' | 'repair' | 'direct'

/** The options of {@link createGuard}. */
export interface GuardOptions {
  /** The pooler in front of the database: see {@link poolers}. @default poolers.strictest() */
  readonly pooler?: PoolerProfile
  /** The handling of findings: `off`, `warn`, `repair` or `strict`. @default 'warn' */
  readonly mode?: Mode
  /**
   * The handling of the findings of single rules, in every mode. Without it, a finding whose outcome is `pinned` is
   * allowed in every mode: it works, but reserves a server connection of the pooler. @default {}
   */
  readonly rules?: { readonly [Id in RuleId]?: Policy }
  /**
   * When poolsafe decides about a finding that a ROLLBACK, or a later statement of the transaction, could still take
   * back: before the COMMIT is sent, or at its own statement. A finding that a ROLLBACK does not undo (locks, prepared
   * statements), or that is wrong whatever follows, is always decided at its own statement. @default 'commit'
   */
  readonly decideAt?: 'commit' | 'statement'
  /**
   * Findings to allow, each with a reason, in every mode: a rule everywhere, or in one statement. For one place in the
   * code, `guard.allow(…)` is narrower. @default []
   */
  readonly exceptions?: readonly ExceptionOption[]
  /**
   * The effects of the code in the database on the session: the path of the file that `poolsafe audit --write` has
   * written, relative to the working folder, or its content. The guard then finds what functions, triggers, views and
   * defaults leave, as if the statement said it. It reads the file once. @default undefined: the text alone decides
   */
  readonly catalog?: string | CatalogDescription
  /** The logger for warnings. @default console */
  readonly logger?: Logger
  /** The size of the cache of judged statement texts, in bytes; `0` judges each text anew. @default 1_048_576 */
  readonly cacheBytes?: number
  /**
   * The observations of poolsafe: slow statements, repeated statements, statistics. `false` turns them off. @default {}
   */
  readonly observe?: ObserveOptions | boolean
}

/** The options with their defaults filled in. */
export type ResolvedOptions = Required<Omit<GuardOptions, 'observe' | 'catalog'>> & {
  readonly catalog: StoredCode | undefined
  readonly observe: ResolvedObserveOptions | false
}

const modes: readonly Mode[] = ['off', 'warn', 'repair', 'strict']
const policies: readonly Policy[] = ['allow', 'warn', 'throw', 'repair', 'direct']

const table: OptionTable<GuardOptions, ResolvedOptions> = {
  pooler: ({ pooler = strictest() }) => checkPooler(pooler),
  mode: ({ mode = 'warn' }) => checkOneOf('mode', mode, modes),
  rules: ({ rules: policyByRule = {} }) => checkRules(policyByRule),
  decideAt: ({ decideAt = 'commit' }) => checkOneOf('decideAt', decideAt, ['commit', 'statement']),
  exceptions: ({ exceptions = [] }) => checkExceptions(exceptions),
  catalog: ({ catalog }) => (catalog === undefined ? undefined : new StoredCode(readDescription(catalog))),
  logger: ({ logger = console }) => checkLogger(logger),
  cacheBytes: ({ cacheBytes = 1_048_576 }) => checkBytes(cacheBytes),
  observe: ({ observe = {} }) => resolveObserveOptions(observe),
}

/** @throws InvalidOptionError for an option, a rule id or a value that does not exist */
export function resolveOptions(options: GuardOptions): ResolvedOptions {
  checkPlace(options)
  return resolveFrom('createGuard()', options, table)
}

/** The options of `observe` are one level below. */
function checkPlace(options: GuardOptions): void {
  if (typeof options !== 'object' || options === null) return
  const misplaced = observeOptionNames.find((name) => name in options)
  if (misplaced === undefined) return
  throw new InvalidOptionError(
    'an option of createGuard()',
    misplaced,
    `one of ${namesOf(table).join(', ')}`,
    `observe: { ${misplaced} }`,
  )
}

function checkPooler(pooler: PoolerProfile): PoolerProfile {
  const isProfile =
    typeof pooler === 'object' &&
    pooler !== null &&
    pooler.trackedSettings instanceof Set &&
    hasEveryState(pooler.carries)
  if (isProfile) return pooler
  const isDetected = typeof pooler === 'object' && pooler !== null && 'profile' in pooler
  const detected = isDetected ? ', or the .profile of what poolers.detect() gives' : ''
  throw new InvalidOptionError(
    'pooler',
    pooler,
    `a profile, such as poolers.pgbouncer({ version: '1.24' }) or poolers.direct()${detected}`,
  )
}

function hasEveryState(carries: unknown): boolean {
  if (typeof carries !== 'object' || carries === null) return false
  return Object.keys(carriesAll('kept')).every((state) => state in carries)
}

function checkRules(given: NonNullable<GuardOptions['rules']>): NonNullable<GuardOptions['rules']> {
  checkObject(
    'rules',
    given,
    rules.map((rule) => rule.id),
  )
  for (const [id, policy] of Object.entries(given)) checkOneOf(`rules['${id}']`, policy, policies)
  return given
}

function checkLogger(logger: Logger): Logger {
  if (typeof logger === 'object' && logger !== null && typeof logger.warn === 'function') return logger
  throw new InvalidOptionError('logger', logger, 'an object with a method warn(message)')
}

function checkBytes(bytes: number): number {
  if (typeof bytes === 'number' && bytes >= 0 && Number.isFinite(bytes)) return bytes
  throw new InvalidOptionError('cacheBytes', bytes, 'a number of bytes, 0 or more')
}
