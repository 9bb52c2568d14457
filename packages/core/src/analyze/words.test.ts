import { describe, expect, test } from 'vitest'
import { rules } from '../rules/index.ts'
import { analyze } from './analyze.ts'
import { ParseRefused, parse } from '../sql/parser.ts'

const unsafe = rules.flatMap(({ id, examples }) =>
  id.startsWith('transaction/') || id === 'session/named-statement'
    ? []
    : examples.unsafe.map((given) => (typeof given === 'string' ? given : given.sql)),
)
const all = unsafe.concat(
  rules.flatMap(({ examples }) => examples.safe.map((given) => (typeof given === 'string' ? given : given.sql))),
)

function isRefused(sql: string): boolean {
  try {
    parse(sql)
    return false
  } catch (error) {
    if (error instanceof ParseRefused) return true
    throw error
  }
}

const unknown = { steps: [], isBatch: false, undecided: 'PostgreSQL 18 does not know this syntax' }

describe('a text that PostgreSQL’s parser refuses', () => {
  test.each([
    'RECONNECT',
    'RECONNECT main',
    'PAUSE main',
    'RESUME main',
    'SHUTDOWN WAIT_FOR_SERVERS',
    'RELOAD',
    'KILL main',
    'SUSPEND',
    'USE shop',
    'SELECT * FROM `users` LIMIT 1, 2',
    'SELECT TOP 10 * FROM [users] WHERE [set] = 1',
    'UPDATE users SET name = = 1',
    'INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2',
    'CREATE TABLE t (a int REFERENCES u ON DELETE SET NULL) ENGINE = InnoDB',
    'SELECT 1 FROM FROM listen',
    'SELECT * FROM users WHERE',
    'SELEC 1',
    '{"find": "users"}',
    'insert into',
    "SELECT 'SET x = 1; LISTEN a' FROM FROM",
    "SELECT $$ set_config('a', 'b', false) $$ FROM FROM",
    "SELECT 1 FROM FROM -- set_config('a', 'b', false)",
    '/* SET x = 1 */ RECONNECT',
    "SELECT ';' set FROM FROM",
    "SELECT 'set_config",
    '',
  ])('touches nothing where no word of a rule is in it: %j', (sql) => {
    expect(analyze(sql)).toMatchObject({ steps: [] })
    expect(analyze(sql).undecided).toBeUndefined()
  })

  test.each([
    'SELECT set_config(',
    'SELECT "set_config"(',
    'SELECT pg_advisory_lock(1) FROM FROM',
    'CREATE TEMP TABLE t (a int) ENGINE = memory',
    'SET @a = 1',
    'set global max_connections = 1',
    '/* a */ (SET x',
    'SELECT 1; SET x = = 1',
    'SELECT a FROM [t]; SET work_mem = 65536',
    'SELECT a FROM t QUALIFY true; /* a */ LISTEN orders',
    'LISTEN',
    'RESET',
    'EXPLAIN (NEWER, ANALYZE) EXECUTE get_user(1))',
    'explain analyze verbose execute get_user(1))',
    'DECLARE page CURSOR WITH HOLD',
    "SELECT 'a\\', set_config(",
    "SELECT E'\\' FROM FROM; SET x = 1",
    'SELECT U&"\\0073et_config"(',
  ])('is undecided where one is: %j', (sql) => {
    expect(isRefused(sql)).toBe(true)
    expect(analyze(sql)).toEqual(unknown)
  })

  test('is undecided if it is the unsafe example of a rule with something that nobody can read', () => {
    const broken = unsafe.map((sql) => `${sql} @ )`)
    expect(broken.filter((sql) => !isRefused(sql))).toEqual([])
    // A word within a statement that is harmless in others: CREATE TRIGGER … EXECUTE FUNCTION.
    expect(broken.filter((sql) => analyze(sql).undecided === undefined)).toEqual([
      'CREATE TABLE copied AS EXECUTE get_user(1) @ )',
    ])
  })

  test('is never a crash: any half of any example', () => {
    const halves = all.flatMap((sql) => Array.from(sql, (_, at) => [sql.slice(0, at), sql.slice(at)]).flat())
    for (const sql of halves) expect(analyze(sql).steps).toBeInstanceOf(Array)
  })

  test('is read in one go however long the parser takes it', () => {
    const long = 260_000
    for (const part of [';', 'explain (', '; ;set', '"', "'", '$a$', '( ', ';explain ']) {
      expect(analyze(part.repeat(long / part.length)).steps).toEqual([])
    }
  })
})
