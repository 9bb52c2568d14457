import type { Rule } from './rule.ts'

/**
 * Strict mode promises that silence means safe, so what the parser cannot hold or read is a finding there, and only
 * there.
 */
export const undecided: Rule<'statement/undecided'> = {
  id: 'statement/undecided',
  title: 'poolsafe could not judge the statement',
  why: 'poolsafe cannot tell what the statement leaves on the server connection. Its text is too long or too deeply nested for PostgreSQL’s parser, or it names session features but is not SQL for PostgreSQL 18, or a DO block runs code that no parser can read (a dynamic EXECUTE, a language other than plpgsql)',
  instead:
    'send values as parameters or with COPY, write out the statements of a DO block, and run long scripts over a direct connection',
  onDirect: { instead: 'send values as parameters or with COPY, and write out the statements of a DO block' },
  strictOnly: true,
  remedy: {
    pg: `// The values travel beside the text, which stays short.
await pool.query('INSERT INTO readings (value) SELECT * FROM unnest($1::float8[])', [values])`,
  },
  examples: { unsafe: [], safe: ['SELECT 1'] },
  call: {
    undecided: () => ({ does: 'unknown', state: 'setting', what: 'a statement that cannot be judged', when: 'always' }),
  },
}
