import type { Rule } from './rule.ts'

/**
 * Strict mode promises that silence means safe, so what the parser cannot hold or read is a finding there, and only
 * there.
 */
export const undecided: Rule<'statement/undecided'> = {
  id: 'statement/undecided',
  title: 'the statement could not be judged',
  why: 'the text is too long or too deeply nested for PostgreSQL’s parser, or is no SQL to PostgreSQL 18 although it names what belongs to the session, or a DO block runs what no parser can read (a dynamic EXECUTE, another language than plpgsql), so nobody can tell what it leaves on the server connection',
  instead:
    'send values as parameters or with COPY, write the statements of a DO block out, and run long scripts over the direct connection',
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
