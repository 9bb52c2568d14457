import { createGuard, InvalidOptionError, type Policy, type RuleId } from '@poolsafe/core'
import { checkBoolean, checkObject, checkOneOf, resolveFrom, type OptionTable } from '@poolsafe/core/internal'

/** The options of `poolsafe check`. Globs are relative to the working folder. */
export interface CheckConfig {
  /** Globs of the files to check. @default JavaScript, TypeScript and SQL */
  readonly include?: readonly string[]
  /** Globs of files that are left out, besides `node_modules`, build output and what Git ignores. @default [] */
  readonly exclude?: readonly string[]
  /** True if tests, examples and benchmarks are checked. @default false */
  readonly tests?: boolean
  /** Names of more template tags that make SQL, such as `query` or `db.sql`. @default [] */
  readonly tags?: readonly string[]
  /** How migrations run. @default {} */
  readonly migrations?: MigrationsConfig
  /** Other policies for some files. Later entries win. @default [] */
  readonly overrides?: readonly Override[]
}

/** How migrations run. */
export interface MigrationsConfig {
  /**
   * The connection that runs them. Over a `direct` one, what they leave in their session does no harm. Over a `pooled`
   * one it is a finding as everywhere. If it is unknown, it is a note. @default 'unknown'
   */
  readonly connection?: 'direct' | 'pooled' | 'unknown'
  /** Globs of migrations in folders without a usual name. @default [] */
  readonly folders?: readonly string[]
}

/** Another policy for some files. */
export interface Override {
  /** Globs of the files. */
  readonly files: readonly string[]
  /** `allow` drops the findings of a rule; every other policy keeps them. */
  readonly rules: { readonly [Id in RuleId]?: Policy }
}

/** The options of `poolsafe check` with their defaults. */
export type ResolvedCheck = Required<Omit<CheckConfig, 'include' | 'migrations'>> & {
  readonly include: readonly string[] | undefined
  readonly migrations: Required<MigrationsConfig>
}

const migrations: OptionTable<MigrationsConfig, Required<MigrationsConfig>> = {
  connection: ({ connection = 'unknown' }) =>
    checkOneOf('check.migrations.connection', connection, ['direct', 'pooled', 'unknown']),
  folders: ({ folders = [] }) => checkTexts('check.migrations.folders', folders),
}

const table: OptionTable<CheckConfig, ResolvedCheck> = {
  include: ({ include }) => (include === undefined ? undefined : checkTexts('check.include', include)),
  exclude: ({ exclude = [] }) => checkTexts('check.exclude', exclude),
  tests: ({ tests = false }) => checkBoolean('check.tests', tests),
  tags: ({ tags = [] }) => checkTexts('check.tags', tags),
  migrations: ({ migrations: given = {} }) => resolveFrom('check.migrations', given, migrations),
  overrides: ({ overrides = [] }) => checkOverrides(overrides),
}

/**
 * Checks the options of `poolsafe check`, and fills in the defaults.
 *
 * @throws InvalidOptionError for an unknown option or an invalid value
 */
export function resolveCheck(check: CheckConfig): ResolvedCheck {
  return resolveFrom('check', check, table)
}

function checkTexts(option: string, given: readonly string[]): readonly string[] {
  if (Array.isArray(given) && given.every((text) => typeof text === 'string')) return given
  throw new InvalidOptionError(option, given, 'a list of texts')
}

function checkOverrides(given: readonly Override[]): readonly Override[] {
  if (!Array.isArray(given)) throw new InvalidOptionError('check.overrides', given, 'a list of { files, rules }')
  for (const [index, override] of given.entries()) {
    const name = `check.overrides[${index}]`
    checkObject(name, override, ['files', 'rules'])
    checkTexts(`${name}.files`, override.files)
    createGuard({ rules: override.rules })
  }
  return given
}
