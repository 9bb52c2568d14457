import { checkBoolean, checkObject, checkOneOf } from '../options.ts'
import { cells, type Cell, type Cells } from './cells.ts'
import { pooler, type Pooler } from './pooler.ts'

/** PgDog's own settings, as far as they decide what it carries in transaction mode. */
export interface PgDogOptions {
  /** `prepared_statements` of pgdog.toml; `full` covers PREPARE and EXECUTE in SQL too. @default 'extended' */
  readonly preparedStatements?: 'disabled' | 'extended' | 'full'
  /**
   * `query_parser` of pgdog.toml. `auto` parses everything only where the deployment is sharded or splits reads from writes: say
   * `on` there. @default 'auto'
   */
  readonly queryParser?: 'off' | 'auto' | 'session_control' | 'session_control_and_locks' | 'on'
  /** Whether `pub_sub_channel_size` of pgdog.toml is above 0. @default false */
  readonly pubSub?: boolean
}

const leaks: Cell = ['leaks', 'source of 0.1.54; not measured']
const honoured: Cell = ['tracked', 'source of 0.1.54; not measured']
const queryParsers = ['off', 'auto', 'session_control', 'session_control_and_locks', 'on'] as const

/**
 * PgDog 0.1 in transaction mode.
 *
 * @throws InvalidOptionError for an option or a value that does not exist
 */
export const pgdog: Pooler<PgDogOptions> = pooler<PgDogOptions>(
  (options: PgDogOptions = {}) => {
    checkObject('poolers.pgdog()', options, ['preparedStatements', 'queryParser', 'pubSub'])
    const { preparedStatements = 'extended', queryParser = 'auto', pubSub = false } = options
    const statements = checkOneOf('poolers.pgdog(): preparedStatements', preparedStatements, [
      'disabled',
      'extended',
      'full',
    ])
    const parser = checkOneOf('poolers.pgdog(): queryParser', queryParser, queryParsers)
    const listens = checkBoolean('poolers.pgdog(): pubSub', pubSub)
    return {
      name: 'pgdog',
      label: 'PgDog 0.1, transaction mode',
      ...cells(leaks, {
        ...settings(parser),
        ...prepared(statements),
        listen: listen(listens),
        'startup-parameter': honoured,
      }),
      trackedSettings: new Set(),
      claims: { pooler: 'PgDog', mode: 'transaction' },
      startup: { replication: 'rejected' },
      settings: parser === 'off' ? {} : { client_encoding: 'ignored' },
      byRule: { 'session/set-config': 'leaks', 'session/characteristics': 'leaks', 'session/discard': 'ignored' },
      notes: [
        'SET is taken out of the statements and restored for each client; set_config and SET SESSION CHARACTERISTICS pass through (set.rs)',
        'set_config is restored where the parser is on and it stands alone with constants; this profile does not count on it',
        'A text that mixes SET with other statements is refused; DISCARD and DEALLOCATE are answered and not sent (discard.rs, deallocate.rs)',
      ],
    }
  },
  { forms: [{}, { queryParser: 'on', preparedStatements: 'full', pubSub: true }] },
)

function settings(parser: (typeof queryParsers)[number]): Cells {
  const isLocked = parser === 'on' || parser === 'session_control_and_locks'
  return {
    ...(parser !== 'off' && {
      setting: ['tracked', 'set.rs; not measured'],
      'session-authorization': ['ignored', 'set.rs; not measured'],
    }),
    role: ['leaks', 'pgdog#1341: restored as a setting, but RESET ALL does not remove it for the next client'],
    ...(isLocked && { 'advisory-lock': ['pinned', 'docs: transaction mode, advisory locks'] }),
  }
}

function prepared(statements: 'disabled' | 'extended' | 'full'): Cells {
  return {
    ...(statements !== 'disabled' && { 'named-statement': ['tracked', 'docs: prepared_statements'] }),
    ...(statements === 'full' && { 'sql-prepared-statement': ['tracked', 'docs: prepared_statements = "full"'] }),
  }
}

function listen(isOn: boolean): Cell {
  return isOn ? ['tracked', 'docs: pub_sub_channel_size'] : ['rejected', 'source: PubSubDisabled; not measured']
}
