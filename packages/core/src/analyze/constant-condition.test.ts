import { expect, it } from 'vitest'
import { constantOf } from './constant-condition.ts'
import { variablesOf } from './trigger-facts.ts'

const constants = variablesOf({ op: 'INSERT', when: 'BEFORE', level: 'ROW', name: 't' }, ['a'])

it.each([
  ["TG_OP = 'INSERT'", true],
  ["TG_OP <> 'INSERT'", false],
  ["'INSERT' = TG_OP", true],
  ["upper(TG_OP) = 'INSERT'", true],
  ["TG_OP IN ('UPDATE', 'DELETE')", false],
  ["TG_OP NOT IN ('UPDATE', NULL)", null],
  ["TG_OP = ANY (ARRAY['INSERT'])", true],
  ["TG_OP = 'INSERT' AND NEW.id > 0", undefined],
  ["TG_OP = 'DELETE' AND NEW.id > 0", false],
  ["TG_OP = 'INSERT' OR NEW.id > 0", true],
  ["NOT (TG_OP = 'INSERT' OR NEW.id > 0)", false],
  ["TG_ARGV[0] = 'a'", true],
  ["TG_ARGV[1] = 'a'", null],
  ['TG_ARGV[1] IS NULL', true],
  ["TG_ARGV[1] IS DISTINCT FROM 'a'", true],
  ['TG_ARGV[NEW.id] IS NULL', undefined],
  ["TG_ARGV = '{a}'", undefined],
  ['TG_NARGS > 1', false],
  ["TG_TABLE_NAME = 'orders'", undefined],
  ["NEW.tg_op = 'INSERT'", undefined],
  ["TG_OP LIKE 'I%'", undefined],
  ["EXISTS (SELECT FROM logs WHERE tg_op = 'INSERT')", undefined],
  ['false', false],
  ['not true', false],
  ['TG_OP =', undefined],
])('%s', (condition, value) => {
  expect(constantOf(condition, constants)).toBe(value)
})
