import { expect, it } from 'vitest'
import { foldText } from './folded.ts'

it.each<[string, string, boolean]>([
  ["'SET a.b = 1'", 'SET a.b = 1', true],
  ["format('SET a.b = %L', v)", "SET a.b = 'x'", true],
  ["format('SELECT * FROM %I.%2$I WHERE n = %3$L', s, t, v)", "SELECT * FROM x.x WHERE n = 'x'", true],
  ["format('SELECT 10 %% 3')", 'SELECT 10 % 3', true],
  ["'LISTEN ' || quote_ident(c)", 'LISTEN x', true],
  ["'ANALYZE ' || t::regclass", 'ANALYZE x', true],
  ["'SELECT ' || n::int || ' + 1'", 'SELECT 1 + 1', true],
  ["'SET a.b = ' || v", 'SET a.b = x', false],
  ["format('SELECT %s', v)", 'SELECT x', false],
  ["'SELECT 1 ' || other.quote_ident(v)", 'SELECT 1 x', false],
])('%s builds %s', (expression, sql, isWhole) => {
  expect(foldText(`SELECT ${expression}`)).toEqual({ sql, isWhole })
})

it.each(['v', "format(v, 'a')", "v || ' FROM t'", "'SELECT ' || '('", "concat('SELECT ', '1')", "''"])(
  '%s builds a text that is not known',
  (expression) => expect(foldText(`SELECT ${expression}`)).toBeUndefined(),
)
