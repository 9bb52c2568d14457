import { rules, type GuardOptions, type Logger, type Mode, type PoolerProfile } from '@poolsafe/core'
import { checkOneOf } from '@poolsafe/core/internal'
import { poolerNamed } from '@poolsafe/config'
import { jsonLogger, silentLogger } from './loggers.ts'

/** The settings of a process that its environment gives. They win over the configuration file. */
export interface EnvironmentSettings {
  readonly mode?: Mode
  readonly pooler?: PoolerProfile
  readonly logger?: Logger
  /** Rules whose findings are allowed. */
  readonly rules?: NonNullable<GuardOptions['rules']>
  /** The folder in which each process writes its record, for `poolsafe run`. */
  readonly folder?: string
}

type Environment = Readonly<Record<string, string | undefined>>

const prefix = 'POOLSAFE_'

/** The variables that this package reads, with what each of them sets. */
const readers: Readonly<Record<string, (value: string) => EnvironmentSettings>> = {
  POOLSAFE_MODE: (value) => ({ mode: checkOneOf('POOLSAFE_MODE', value, ['off', 'warn', 'repair', 'strict']) }),
  POOLSAFE_POOLER: (value) => ({ pooler: poolerNamed(value, 'POOLSAFE_POOLER') }),
  POOLSAFE_ALLOW: (value) => ({
    rules: Object.fromEntries(value.split(',').map((id) => [checkRule(id.trim()), 'allow'])),
  }),
  POOLSAFE_LOG: (value) => loggerOf(checkOneOf('POOLSAFE_LOG', value, ['text', 'json', 'off'])),
  POOLSAFE_RECORD: (value) => ({ folder: value }),
}

/** Variables of other packages of poolsafe. */
const others = new Set(['POOLSAFE_POSTGRES_IMAGE', 'POOLSAFE_PGBOUNCER_IMAGE'])

/**
 * Reads `POOLSAFE_MODE`, `POOLSAFE_POOLER`, `POOLSAFE_ALLOW`, `POOLSAFE_LOG` and, for `poolsafe run`,
 * `POOLSAFE_RECORD`. An empty variable counts as unset.
 *
 * @throws InvalidOptionError for an unknown variable that begins with `POOLSAFE_`, and for an invalid value
 */
export function readEnvironment(environment: Environment): EnvironmentSettings {
  const settings = Object.entries(environment).flatMap(([name, value]) => {
    if (!name.startsWith(prefix) || value === undefined || value === '' || others.has(name)) return []
    checkOneOf('an environment variable of poolsafe', name, Object.keys(readers))
    return [readers[name]?.(value) ?? {}]
  })
  return Object.assign({}, ...settings) as EnvironmentSettings
}

function loggerOf(log: 'text' | 'json' | 'off'): EnvironmentSettings {
  if (log === 'text') return { logger: console }
  return { logger: log === 'json' ? jsonLogger : silentLogger }
}

function checkRule(id: string): string {
  return checkOneOf(
    'POOLSAFE_ALLOW',
    id,
    rules.map((rule) => rule.id),
  )
}
