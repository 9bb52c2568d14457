import type { Effect } from './effect.ts'
import type { FunctionCall } from '../sql/function-call.ts'
import type { Rule } from './rule.ts'

const state = 'large-object-descriptor'

function opens({ name }: FunctionCall): Effect {
  return { does: 'ineffective', state, what: name, when: 'autocommit' }
}

function uses({ name }: FunctionCall): Effect {
  return { does: 'needs', state, what: name, when: 'autocommit' }
}

/** `loread(lo_open(…), …)`: what one statement opens, it may use. */
function ofStatement(effects: readonly Effect[]): readonly Effect[] {
  const isOpened = effects.some(({ does }) => does === 'ineffective')
  return isOpened && effects.some(({ does }) => does === 'needs') ? [] : effects
}

/** A descriptor of a large object is closed at the end of its transaction. */
export const largeObject: Rule<'transaction/large-object'> = {
  id: 'transaction/large-object',
  title: 'the descriptor of a large object ends with its transaction',
  why: 'lo_open returns a descriptor that PostgreSQL closes when the transaction ends. Outside BEGIN … COMMIT that is the end of this statement, and reading from the descriptor then fails with 42704',
  instead:
    'open, read, write and close between BEGIN and COMMIT; or use lo_get(oid) and lo_put(oid, offset, data), which need no descriptor, or a column of type bytea',
  remedy: {
    sql: `BEGIN;
SELECT lo_open(16409, 262144);
SELECT loread(0, 1024);
SELECT lo_close(0);
COMMIT;

-- Without a descriptor:
SELECT lo_get(16409, 0, 1024);`,
  },
  examples: {
    unsafe: [
      'SELECT lo_open(16409, 131072)',
      'SELECT loread(0, 1024)',
      "SELECT lowrite(0, 'data')",
      'SELECT lo_lseek(0, 0, 0)',
      'SELECT lo_tell(0)',
      'SELECT lo_truncate64(0, 0)',
      'SELECT lo_close(0)',
    ],
    safe: [
      'BEGIN; SELECT lo_open(16409, 131072); SELECT loread(0, 1024); SELECT lo_close(0); COMMIT',
      'SELECT loread(lo_open(16409, 131072), 1024)',
      'WITH opened AS (SELECT lo_open(16409, 131072) AS fd) SELECT loread(fd, 1024) FROM opened',
      'SELECT lo_get(16409)',
      "SELECT lo_from_bytea(0, 'data')",
      'SELECT lo_create(0), lo_unlink(16409)',
    ],
  },
  functions: {
    lo_open: opens,
    lo_close: uses,
    loread: uses,
    lowrite: uses,
    lo_lseek: uses,
    lo_lseek64: uses,
    lo_tell: uses,
    lo_tell64: uses,
    lo_truncate: uses,
    lo_truncate64: uses,
  },
  ofStatement,
}
