import type { RangeVar } from '@pgsql/types'
import { uncertain, type Effect } from './effect.ts'
import type { FunctionCall } from '../sql/function-call.ts'
import type { Rule } from './rule.ts'

const state = 'hypothetical-index'

function leaves({ name }: FunctionCall): Effect {
  return { does: 'leaves', state, what: name, when: 'always' }
}

/** With an argument it means one index of several. */
function clears({ name, args }: FunctionCall): Effect {
  const effect: Effect = { does: 'clears', state, what: name, when: 'always' }
  return args.length > 0 ? uncertain(effect) : effect
}

function needs({ name }: FunctionCall): Effect {
  return { does: 'needs', state, what: name, when: 'always' }
}

/** A view has no arguments that would distinguish it from a table of the user's. The names are hypopg's own. */
function onRelation({ relname = '' }: RangeVar): Effect | undefined {
  return /^hypopg_(list_indexes|hidden_indexes)$/.test(relname)
    ? { does: 'needs', state, what: relname, when: 'always' }
    : undefined
}

/** hypopg keeps its indexes in the memory of one server process. */
export const hypotheticalIndex: Rule<'session/hypothetical-index'> = {
  id: 'session/hypothetical-index',
  title: 'a hypothetical index exists in one server process',
  why: 'hypopg keeps the index in the memory of the server process behind one connection, through COMMIT and ROLLBACK. Your EXPLAIN may run in a process without it, and the plans of other clients in that process include it',
  instead: 'try hypothetical indexes over a direct connection, which removes them when it closes, even after an error',
  mentionsDirect: true,
  onDirect: { instead: 'create the index, run EXPLAIN and call hypopg_reset() on one connection' },
  remedy: {
    pg: `const direct = new pg.Client({ connectionString: process.env.DIRECT_URL })
await direct.connect()
await direct.query("SELECT hypopg_create_index('CREATE INDEX ON orders (customer_id)')")
const { rows } = await direct.query('EXPLAIN SELECT * FROM orders WHERE customer_id = 7')
await direct.end()`,
  },
  examples: {
    unsafe: [
      "SELECT * FROM hypopg_create_index('CREATE INDEX ON orders (customer_id)')",
      'SELECT hypopg_drop_index(18284)',
      'SELECT hypopg_reset()',
      'SELECT hypopg_hide_index(18284)',
      'SELECT * FROM hypopg_list_indexes',
    ],
    safe: [
      "BEGIN; SELECT hypopg_create_index('CREATE INDEX ON orders (customer_id)'); EXPLAIN SELECT 1; SELECT hypopg_reset(); COMMIT",
      'CREATE EXTENSION hypopg',
      "SELECT 'hypopg_reset()'",
    ],
  },
  names: ['hypopg_'],
  on: { RangeVar: onRelation },
  extensionFunctions: {
    hypopg: needs,
    hypopg_create_index: leaves,
    hypopg_drop_index: clears,
    hypopg_get_indexdef: needs,
    hypopg_hidden_indexes: needs,
    hypopg_hide_index: leaves,
    hypopg_relation_size: needs,
    hypopg_reset: clears,
    hypopg_reset_index: clears,
    hypopg_unhide_all_indexes: clears,
    hypopg_unhide_index: clears,
  },
}
