import { describe, expect, it } from 'vitest'
import { effectsIn } from '../analyze/analysis.ts'
import { parseAndAnalyze } from '../analyze/analyze.ts'
import { rules, type RuleId } from '../rules/index.ts'
import { rewrite, type Wanted } from './rewrite.ts'

/** All rules that find something in the text. */
function everything(sql: string): Wanted {
  const { steps } = parseAndAnalyze(sql)
  return new Map(steps.map(({ at, effects }) => [at, new Set(effects.map(({ rule }) => rule))]))
}

const repaired = (sql: string): string => rewrite(sql, everything(sql)).sql

describe.each(rules.filter(({ repair }) => repair !== undefined))('the repairs of $id', ({ repair }) => {
  it.each(repair?.examples ?? [])('$sql', ({ sql, sent }) => {
    expect(repaired(sql)).toBe(sent)
  })

  it.each(repair?.examples ?? [])('leave nothing: $sent', ({ sent }) => {
    const lasting = effectsIn(parseAndAnalyze(sent)).filter(({ does, when }) => does === 'leaves' && when === 'always')
    expect(lasting).toEqual([])
  })
})

describe('a repair changes nothing else', () => {
  it.each([
    ["/* é😀 */ SET /* ü */ a.b = 'ß😀' -- 😀", "/* é😀 */ SET LOCAL /* ü */ a.b = 'ß😀' -- 😀"],
    ["SELECT 'é'; SET a.b = 'SET x = 1';\nSELECT 2", "SELECT 'é'; SET LOCAL a.b = 'SET x = 1';\nSELECT 2"],
    ['sEt\tsession\n a.b  to  x ; ', 'sEt\tLOCAL\n a.b  to  x ; '],
    ['SET session.x = 1', 'SET LOCAL session.x = 1'],
    ['SET "session" = 1', 'SET LOCAL "session" = 1'],
    ['SET SESSION session.x = 1', 'SET LOCAL session.x = 1'],
    [
      `SELECT set_config('😀', "ü", /* no: */ FALSE) FROM t WHERE 'false' = $$false$$`,
      `SELECT set_config('😀', "ü", /* no: */ true) FROM t WHERE 'false' = $$false$$`,
    ],
    [
      "SELECT set_config(is_local => false, setting_name => 'a.b', new_value => 'x')",
      "SELECT set_config(is_local => true, setting_name => 'a.b', new_value => 'x')",
    ],
    ["SELECT set_config('a.b', 'x', 'off'::boolean)", "SELECT set_config('a.b', 'x', 't'::boolean)"],
    ["SELECT set_config('a.b', 'x', bool 'f')", "SELECT set_config('a.b', 'x', bool 't')"],
    ["SELECT set_config('a.b', 'x', CAST(NULL AS bool))", "SELECT set_config('a.b', 'x', CAST(true AS bool))"],
    ["SELECT set_config('a.b', 'x', U&'\\0066')", "SELECT set_config('a.b', 'x', 't')"],
    [
      "SELECT set_config('a.b', '1', false), set_config('a.c', '2', false)",
      "SELECT set_config('a.b', '1', true), set_config('a.c', '2', true)",
    ],
    [
      "WITH s AS (SELECT set_config('a.b', '1', false)) SELECT * FROM s",
      "WITH s AS (SELECT set_config('a.b', '1', true)) SELECT * FROM s",
    ],
    ['CREATE TEMP TABLE "é on commit" (a int) -- c', 'CREATE TEMP TABLE "é on commit" (a int) ON COMMIT DROP -- c'],
    ['CREATE TEMP TABLE t (LIKE o INCLUDING ALL);', 'CREATE TEMP TABLE t (LIKE o INCLUDING ALL) ON COMMIT DROP;'],
    ['CREATE TEMP TABLE t () TABLESPACE s', 'CREATE TEMP TABLE t () ON COMMIT DROP TABLESPACE s'],
    [
      'CREATE TEMP TABLE t () ON /* a */ COMMIT PRESERVE /* b */ ROWS TABLESPACE s',
      'CREATE TEMP TABLE t () ON /* a */ COMMIT DROP /* b */  TABLESPACE s',
    ],
    [
      'CREATE TEMP TABLE t ("as") WITH (fillfactor = 50) AS VALUES (1) WITH NO DATA',
      'CREATE TEMP TABLE t ("as") WITH (fillfactor = 50) ON COMMIT DROP AS VALUES (1) WITH NO DATA',
    ],
    [
      'CREATE TEMP TABLE IF NOT EXISTS t AS EXECUTE p(1)',
      'CREATE TEMP TABLE IF NOT EXISTS t ON COMMIT DROP AS EXECUTE p(1)',
    ],
    ['CREATE TEMP TABLE t PARTITION OF p DEFAULT', 'CREATE TEMP TABLE t PARTITION OF p DEFAULT ON COMMIT DROP'],
    [
      'SELECT 1 AS a INTO LOCAL TEMPORARY TABLE "T" UNION SELECT 2',
      'CREATE TEMP TABLE "T" ON COMMIT DROP AS SELECT 1 AS a      UNION SELECT 2',
    ],
    ['CREATE TABLE pg_temp.t AS VALUES (1)', 'CREATE TEMP TABLE pg_temp.t ON COMMIT DROP AS VALUES (1)'],
    ['SELECT a INTO pg_temp.t FROM b', 'CREATE TEMP TABLE pg_temp.t ON COMMIT DROP AS SELECT a   FROM b'],
    ['SELECT pg_advisory_lock($1), 1', 'SELECT pg_advisory_xact_lock($1) AS pg_advisory_lock, 1'],
    [
      'SELECT CAST(pg_catalog."pg_advisory_lock"(1) AS text) x, 2 ORDER BY 2',
      'SELECT CAST(pg_catalog.pg_advisory_xact_lock(1) AS text) x, 2 ORDER BY 2',
    ],
    [
      'SELECT CAST(pg_advisory_lock(1) AS text), 2 ORDER BY 2',
      'SELECT CAST(pg_advisory_xact_lock(1) AS text) AS pg_advisory_lock, 2 ORDER BY 2',
    ],
  ])('%s', (sql, sent) => {
    expect(repaired(sql)).toBe(sent)
  })
})

describe('a statement without an exact repair stays as it is, with a reason', () => {
  it.each<[string, RuleId, string]>([
    ['RESET work_mem', 'session/set', 'RESET has no form'],
    ['RESET ALL', 'session/set', 'RESET has no form'],
    ["UPDATE pg_settings SET setting = '1' WHERE name = 'work_mem'", 'session/set', 'UPDATE pg_settings has no form'],
    ["SELECT set_config('a.b', 'x', $1)", 'session/set-config', 'is_local is a parameter'],
    [
      "SELECT set_config('a.b', 'x', false), set_config('a.b', 'x', 1 = 2)",
      'session/set-config',
      'is_local is a parameter',
    ],
    ["EXPLAIN (ANALYZE, VERBOSE) SELECT set_config('a.b', 'x', false)", 'session/set-config', 'EXPLAIN would show'],
    ['SET seed = 0.5', 'session/set', 'the seed of random()'],
    ["SELECT set_config('SEED', '0.5', false)", 'session/set-config', 'the seed of random()'],
    ["SELECT set_config('a.b', current_query(), false)", 'session/set-config', 'it reads current_query'],
    ["SET a.b = 'x'; SELECT current_query()", 'session/set', 'it reads current_query'],
    ["SET a.b = 'x'; SELECT query FROM pg_stat_activity", 'session/set', 'it reads pg_stat_activity'],
    ["DECLARE c CURSOR FOR SELECT set_config('a.b', 'x', false)", 'session/set-config', 'pg_cursors'],
    [String.raw`SELECT '\'; SET a.b = 1; --'`, 'session/set', 'standard_conforming_strings'],
    [String.raw`SET a.b = 'C:\'`, 'session/set', 'standard_conforming_strings'],
    ["DO $$ BEGIN SET a.b = 'x'; END $$", 'session/set', 'no form'],
    ['CREATE TEMP VIEW v AS SELECT 1', 'session/temp-object', 'no form'],
    ['SET search_path = pg_temp', 'session/temp-object', 'no form'],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', 'session/characteristics', 'the transactions after'],
    ['DECLARE c CURSOR WITH HOLD FOR SELECT 1', 'session/held-cursor', 'after the COMMIT'],
    ['SELECT pg_advisory_lock(id) FROM jobs', 'session/advisory-lock', 'how often'],
    ['SELECT pg_advisory_lock(1), generate_series(1, 3)', 'session/advisory-lock', 'how often'],
    ['SELECT pg_advisory_lock(1) LIMIT 0', 'session/advisory-lock', 'how often'],
    ['SELECT (1::bigint).pg_advisory_lock', 'session/advisory-lock', 'how often'],
    ['SELECT pg_try_advisory_lock(1), pg_try_advisory_lock(2)', 'session/advisory-lock', 'tries several'],
    ['SELECT pg_try_advisory_lock(1) AS ok, true AS ok', 'session/advisory-lock', 'two columns have the name'],
    ['SELECT false; SELECT pg_try_advisory_lock(1)', 'session/advisory-lock', 'a text of several statements'],
    ['LISTEN news', 'session/listen', 'no form'],
    ["SET a.b = '\uD800'", 'session/set', 'no valid Unicode'],
  ])('%s', (sql, rule, reason) => {
    const { sql: sent, reasons } = rewrite(sql, everything(sql))
    expect(reasons.get(rule)).toContain(reason)
    if (!sql.startsWith('SET search_path')) expect(sent).toBe(sql)
  })
})
