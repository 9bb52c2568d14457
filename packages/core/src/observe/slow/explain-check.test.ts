import { expect, test } from 'vitest'
import { whyNotExplained } from './explain-check.ts'

const reading = [
  'SELECT 1',
  'select * from orders where id = $1;',
  '/* trace */ SELECT a FROM t -- end',
  'WITH recent AS (SELECT * FROM orders LIMIT 10) SELECT count(*) FROM recent',
  'SELECT a FROM t UNION SELECT b FROM u ORDER BY 1',
  'VALUES (1), (2)',
  'TABLE orders',
  'SELECT \'INSERT INTO t VALUES (1)\', "intoClause" FROM "UpdateStmt"',
]

test.each(reading)('the plan of %j may be asked for', (sql) => {
  expect(whyNotExplained(sql)).toBeUndefined()
})

const others: readonly (readonly [string, string])[] = [
  ["INSERT INTO t VALUES ('s') RETURNING id", 'no single SELECT'],
  ['UPDATE t SET a = 1', 'no single SELECT'],
  ['DELETE FROM t', 'no single SELECT'],
  ['MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE', 'no single SELECT'],
  ['SELECT 1; SELECT 2', 'no single SELECT'],
  ['SELECT 1; DROP TABLE t', 'no single SELECT'],
  ['EXPLAIN ANALYZE SELECT 1', 'no single SELECT'],
  ['CREATE TABLE u AS SELECT 1', 'no single SELECT'],
  ['DECLARE c CURSOR FOR SELECT 1', 'no single SELECT'],
  ['BEGIN', 'no single SELECT'],
  ['', 'no single SELECT'],
  ['WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone', 'writes or locks'],
  [
    'SELECT (WITH x AS (SELECT 1) SELECT 1), a FROM (WITH n AS (INSERT INTO t DEFAULT VALUES RETURNING 1) SELECT * FROM n) s',
    'writes or locks',
  ],
  ['SELECT * INTO u FROM t', 'writes or locks'],
  ['SELECT 1 AS a INTO TEMP u UNION SELECT 2', 'writes or locks'],
  ['SELECT * FROM t FOR UPDATE', 'writes or locks'],
  ['SELECT * FROM (SELECT * FROM t FOR SHARE) s', 'writes or locks'],
  ["SELECT '\\' || '; DELETE FROM t; --'", 'has a backslash'],
  ['SELEC 1', 'not understood'],
]

test.each(others)('the plan of %j is never asked for', (sql, reason) => {
  expect(whyNotExplained(sql)).toBe(reason)
})
