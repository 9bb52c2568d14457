import { describe, expect, test } from 'vitest'
import { effectsIn } from '../analyze/analysis.ts'
import { rules } from '../rules/index.ts'
import { analyze } from '../analyze/analyze.ts'

const lock = 'pg_advisory_lock(1)'
const leak = "set_config('a.b', 'c', false)"
const depth = 1000

function rulesOf(sql: string): string[] {
  return [...new Set(effectsIn(analyze(sql)).map(({ rule }) => rule))]
}

describe('code that PostgreSQL executes at once', () => {
  test.each([
    `SELECT (SELECT (SELECT ${lock}))`,
    `SELECT * FROM generate_series(1, (SELECT 1 FROM ${lock}))`,
    `SELECT 1 WHERE ${lock} IS NULL`,
    `SELECT a FROM t GROUP BY a HAVING ${lock} IS NULL`,
    `SELECT a FROM t ORDER BY ${lock}`,
    `SELECT a FROM t LIMIT (SELECT 1 FROM ${lock})`,
    `SELECT count(*) FILTER (WHERE ${lock} IS NULL) OVER (PARTITION BY ${lock}) FROM t`,
    `SELECT coalesce(${lock}::text, CASE WHEN true THEN 'a' END)`,
    `SELECT ARRAY[${lock}], ROW(${lock}), (${lock}).x`,
    `SELECT lower(upper(concat(${lock})))`,
    `SELECT * FROM a JOIN LATERAL ${lock} AS l ON true`,
    `SELECT * FROM ROWS FROM (${lock}, now())`,
    `SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 FROM ${lock}`,
    `WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 2 FROM ${lock}) SELECT * FROM r`,
    `WITH w AS (INSERT INTO t SELECT 1 FROM ${lock} RETURNING id) SELECT * FROM w`,
    `INSERT INTO t SELECT 1 FROM ${lock}`,
    `INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = (SELECT 1 FROM ${lock})`,
    `INSERT INTO t VALUES (1) RETURNING ${lock}`,
    `UPDATE t SET a = 1 FROM ${lock} AS l WHERE true`,
    `DELETE FROM t USING ${lock} AS l WHERE true`,
    `MERGE INTO t USING (SELECT ${lock}) s ON true WHEN MATCHED THEN DELETE`,
    `VALUES (${lock})`,
    `COPY (SELECT ${lock}) TO STDOUT`,
    `DECLARE c CURSOR FOR SELECT ${lock}`,
    `CREATE TABLE t AS SELECT ${lock}`,
    `CREATE MATERIALIZED VIEW v AS SELECT ${lock}`,
    `CALL work(${lock}::text)`,
    `EXECUTE get_user(${lock}::text)`,
    `ALTER TABLE t ALTER a TYPE text USING ${lock}::text`,
    `ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT ${lock}::text`,
    `EXPLAIN ANALYZE SELECT ${lock}`,
    `EXPLAIN (ANALYZE) SELECT ${lock}`,
    `EXPLAIN (VERBOSE, ANALYZE true) SELECT ${lock}`,
    `EXPLAIN (ANALYZE 1) SELECT ${lock}`,
    `EXPLAIN (ANALYZE 'on') SELECT ${lock}`,
    `EXPLAIN ANALYZE CREATE TABLE t AS SELECT ${lock}`,
  ])('is judged: %s', (sql) => {
    expect(rulesOf(sql)).toContain('session/advisory-lock')
  })

  test('is judged through a thousand levels of UNION', () => {
    expect(rulesOf(`SELECT ${lock}${' UNION SELECT 1'.repeat(depth)}`)).toEqual(['session/advisory-lock'])
    expect(rulesOf(`SELECT 1${' UNION SELECT 1'.repeat(depth)} UNION SELECT 1 FROM ${lock}`)).toEqual([
      'session/advisory-lock',
    ])
    expect(rulesOf(`${'(SELECT 1 UNION '.repeat(depth)}SELECT 1 FROM ${lock}${')'.repeat(depth)}`)).toEqual([
      'session/advisory-lock',
    ])
  })

  test('comes in the order of the text', () => {
    const effects = effectsIn(analyze(`SELECT ${lock}, ${leak}, lastval(); LISTEN a`))
    expect(effects.map(({ rule }) => rule)).toEqual([
      'session/advisory-lock',
      'session/set-config',
      'session/sequence-value',
      'session/listen',
    ])
  })
})

describe('code that PostgreSQL stores for later', () => {
  test.each([
    `EXPLAIN SELECT ${lock}`,
    `EXPLAIN (ANALYZE false) SELECT ${lock}`,
    `EXPLAIN (ANALYZE off, VERBOSE) SELECT ${lock}`,
    `EXPLAIN (ANALYZE 0) SELECT ${lock}`,
    `EXPLAIN (VERBOSE) CREATE TABLE t AS SELECT ${lock}`,
    `CREATE VIEW v AS SELECT ${lock}`,
    `CREATE OR REPLACE RECURSIVE VIEW v (a) AS SELECT ${lock}`,
    `CREATE MATERIALIZED VIEW v AS SELECT ${lock} WITH NO DATA`,
    `CREATE TABLE t AS SELECT ${lock} WITH NO DATA`,
    `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT ${lock}'`,
    `CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT ${lock}; END`,
    `CREATE FUNCTION f() RETURNS void LANGUAGE sql RETURN ${lock}`,
    `CREATE FUNCTION f(a int DEFAULT lastval()) RETURNS void LANGUAGE sql AS 'SELECT 1'`,
    `CREATE PROCEDURE p() LANGUAGE sql SET search_path = public AS 'SELECT 1'`,
    `ALTER FUNCTION f() SET search_path = public`,
    `ALTER FUNCTION f() RESET ALL`,
    `ALTER ROLE r SET work_mem = 1`,
    `ALTER ROLE r RESET ALL`,
    `ALTER DATABASE d SET work_mem = 1`,
    `ALTER SYSTEM SET work_mem = 1`,
    `ALTER SYSTEM RESET ALL`,
    `CREATE TABLE t (a int DEFAULT lastval(), b int GENERATED ALWAYS AS (lastval()) STORED, CHECK (currval('s') > 0))`,
    `ALTER TABLE t ALTER a SET DEFAULT currval('s')`,
    `ALTER TABLE t ADD CONSTRAINT c CHECK (lastval() > 0) NOT VALID`,
    `CREATE DOMAIN d AS int DEFAULT lastval() CHECK (value > lastval())`,
    `ALTER DOMAIN d SET DEFAULT lastval()`,
    `ALTER DOMAIN d ADD CHECK (value > lastval()) NOT VALID`,
    `CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW WHEN (${lock} IS NULL) EXECUTE FUNCTION f()`,
    `CREATE RULE r AS ON INSERT TO t DO ALSO SELECT ${lock}`,
    `CREATE POLICY p ON t USING (${lock} IS NULL)`,
    `ALTER POLICY p ON t USING (${lock} IS NULL)`,
  ])('is left alone: %s', (sql) => {
    expect(rulesOf(sql)).toEqual([])
  })

  test('counts in PREPARE, because a later text may execute it', () => {
    const prepare = `PREPARE p AS SELECT ${lock}`
    expect(rulesOf(prepare)).toEqual(['session/prepared-statement', 'session/advisory-lock'])
    expect(rulesOf(`${prepare}; DEALLOCATE p`)).not.toContain('session/advisory-lock')
    expect(rulesOf(`${prepare}; DEALLOCATE ALL`)).not.toContain('session/advisory-lock')
    expect(rulesOf(`${prepare}; DEALLOCATE q`)).toContain('session/advisory-lock')
    expect(rulesOf('PREPARE p AS SELECT currval($1)')).toEqual(['session/prepared-statement'])
  })

  test.each([
    `EXPLAIN EXECUTE p (${lock})`,
    `EXPLAIN CREATE TABLE t AS EXECUTE p (${lock})`,
    `CREATE TABLE t AS EXECUTE p (${lock}) WITH NO DATA`,
  ])('does not include the parameters of EXECUTE: %s', (sql) => {
    expect(rulesOf(sql)).toContain('session/advisory-lock')
  })

  test.each(['crosstab', 'public.crosstab', 'crosstab3'])('is judged in the text that %s runs', (name) => {
    expect(rulesOf(`SELECT * FROM ${name}('SELECT 1, 2, ${lock}')`)).toEqual(['session/advisory-lock'])
    expect(rulesOf(`SELECT * FROM ${name}('SELECT 1, 2, 3', 5)`)).toEqual([])
    expect(rulesOf(`SELECT * FROM ${name}('SELECT 1, 2, 3', 'SELECT ${lock}')`)).toEqual(['session/advisory-lock'])
  })

  test.each(['EXPLAIN EXECUTE p', 'EXPLAIN (ANALYZE false) EXECUTE p', 'CREATE TABLE t AS EXECUTE p WITH NO DATA'])(
    'needs the prepared statement all the same: %s',
    (sql) => {
      expect(rulesOf(sql)).toEqual(['session/prepared-statement'])
    },
  )
})

describe('a query WHERE false', () => {
  const known = [...new Set(rules.flatMap(({ functions }) => Object.keys(functions ?? {})))]

  test.each(known)('calls nothing, and of no rule: %s', (name) => {
    expect(rulesOf(`SELECT ${name}('a', 'b', false) WHERE false`)).toEqual([])
  })

  test.each([`SELECT count(*), ${leak} WHERE false`, `SELECT own.setseed(1), ${leak} WHERE false`])(
    'gives a row where an aggregate is in it, or may be: %s',
    (sql) => {
      expect(rulesOf(sql)).toEqual(['session/set-config'])
    },
  )
})
