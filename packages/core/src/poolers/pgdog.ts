import { checkBoolean, checkObject, checkOneOf } from '../options.ts'
import { cells, type Cell, type Cells } from './cells.ts'
import { pooler, type Pooler } from './pooler.ts'

/** PgDog's own settings, as far as they decide what it carries in transaction mode. */
export interface PgDogOptions {
  /** `prepared_statements` of pgdog.toml; `full` covers PREPARE and EXECUTE in SQL too. @default 'extended' */
  readonly preparedStatements?: 'disabled' | 'extended' | 'full'
  /**
   * `query_parser` of pgdog.toml. `auto` parses every statement only if the deployment is sharded, splits reads from
   * writes or has `prepared_statements = "full"`; pass `on` for the first two. @default 'auto'
   */
  readonly queryParser?: 'off' | 'auto' | 'session_control' | 'session_control_and_locks' | 'on'
  /** True if `pub_sub_channel_size` of pgdog.toml is above 0. @default false */
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
    const parsesAll = parser === 'on' || (parser === 'auto' && statements === 'full')
    return {
      name: 'pgdog',
      label: 'PgDog 0.1, transaction mode',
      ...cells(leaks, {
        ...settings(parser, parsesAll),
        ...prepared(statements, parsesAll),
        ...(parser !== 'off' && { listen: listen(listens) }),
        'startup-parameter': honoured,
      }),
      trackedSettings: new Set(),
      claims: { pooler: 'PgDog', mode: 'transaction' },
      startup: { replication: 'ignored' },
      settings: parser === 'off' ? {} : { client_encoding: 'ignored' },
      byRule: {
        'session/set-config': 'leaks',
        'session/characteristics': 'leaks',
        'session/discard': parsesAll ? 'ignored' : 'leaks',
      },
      ...(parsesAll && { answers: ['discard', 'deallocate'] }),
      notes: [
        'PgDog keeps SET for each client and restores it; set_config and SET SESSION CHARACTERISTICS pass through (set.rs)',
        'If the parser reads every statement, PgDog also restores a set_config that stands alone with constants (set_config.rs); this profile does not rely on it',
        'A text that begins with SET, BEGIN, COMMIT or ROLLBACK and mixes SET with other statements is refused; behind another first statement PgDog sees SET only if the parser reads every statement, and otherwise the value leaks (regex_parser.rs)',
        'If the parser reads every statement, DISCARD and DEALLOCATE are answered and not sent (discard.rs, deallocate.rs)',
        'SET LOCAL outside a transaction lasts for the session of the client (set.rs)',
        'The startup parameter replication is accepted and has no effect (parameter.rs)',
      ],
    }
  },
  { forms: [{}, { queryParser: 'off' }, { queryParser: 'on', preparedStatements: 'full', pubSub: true }] },
)

function settings(parser: (typeof queryParsers)[number], parsesAll: boolean): Cells {
  const isLocked = parsesAll || parser === 'session_control_and_locks'
  return {
    ...(parser !== 'off' && {
      setting: ['tracked', 'set.rs; not measured'],
      'session-authorization': ['ignored', 'parameter.rs (UNTRACKED_PARAMS); not measured'],
    }),
    role: ['leaks', 'pgdog#1341: restored as a setting, but RESET ALL does not remove it for the next client'],
    ...(isLocked && { 'advisory-lock': ['pinned', 'docs: transaction mode, advisory locks'] }),
  }
}

/** The parser rewrites PREPARE and EXECUTE, so it has to read them (simple_prepared.rs). */
function prepared(statements: 'disabled' | 'extended' | 'full', parsesAll: boolean): Cells {
  return {
    ...(statements !== 'disabled' && { 'named-statement': ['tracked', 'docs: prepared_statements'] }),
    ...(statements === 'full' &&
      parsesAll && { 'sql-prepared-statement': ['tracked', 'docs: prepared_statements = "full"; simple_prepared.rs'] }),
  }
}

function listen(isOn: boolean): Cell {
  return isOn
    ? ['tracked', 'docs: pub_sub_channel_size; pub_sub.rs']
    : ['rejected', 'shard/mod.rs (PubSubDisabled); not measured']
}
