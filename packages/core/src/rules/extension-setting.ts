import type { FunctionCall } from '../sql/function-call.ts'
import { withSettings } from './helper.ts'
import type { Detected, Rule } from './rule.ts'

/** Without an argument such a function only returns the value. */
function sets(setting: string): (call: FunctionCall) => Detected {
  return ({ name, args }) =>
    args.length === 1 ? { does: 'leaves', state: 'setting', what: name, when: 'always', object: setting } : undefined
}

/** Functions of extensions that are SET in disguise. */
export const extensionSetting: Rule<'session/extension-setting'> = {
  id: 'session/extension-setting',
  title: 'a function of an extension changes a setting',
  why: 'set_limit of pg_trgm and isn_weak of isn change a setting of the server session, as SET does. The value stays after COMMIT and affects the comparisons of other clients, and your next statement may run without it',
  instead:
    "SET LOCAL pg_trgm.similarity_threshold = … (or SET LOCAL isn.weak = …) in the same transaction; set_config('pg_trgm.similarity_threshold', $1, true) for a value that is a parameter. similarity(a, b) > 0.5 needs no setting, but uses no index",
  helpers: [withSettings("{ 'pg_trgm.similarity_threshold': 0.5 }")],
  remedy: {
    sql: `BEGIN;
SET LOCAL pg_trgm.similarity_threshold = 0.5;
SELECT * FROM words WHERE word % 'pool';
COMMIT;

-- The threshold as a parameter: the operator keeps the index, which similarity() would not use.
BEGIN;
SELECT set_config('pg_trgm.similarity_threshold', '0.5', true);
SELECT * FROM words WHERE word % 'pool' AND similarity(word, 'pool') > 0.5;
COMMIT;`,
  },
  examples: {
    unsafe: ['SELECT set_limit(0.5)', 'SELECT public.set_limit(0.5)', 'SELECT isn_weak(true)'],
    safe: [
      "BEGIN; SET LOCAL pg_trgm.similarity_threshold = 0.5; SELECT 'a' % 'b'; COMMIT",
      'SELECT show_limit(), isn_weak()',
      "SELECT similarity('word', 'two words') > 0.5",
      "BEGIN; SELECT set_limit(0.5); SELECT 'a' % 'b'; ROLLBACK",
      'SELECT set_limit FROM plans',
    ],
  },
  extensionFunctions: { set_limit: sets('pg_trgm.similarity_threshold'), isn_weak: sets('isn.weak') },
}
