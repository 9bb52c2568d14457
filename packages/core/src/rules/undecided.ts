import type { Rule } from './rule.ts'

/** Strict mode promises that silence means safe, so what the parser cannot hold is a finding there, and only there. */
export const undecided: Rule<'statement/undecided'> = {
  id: 'statement/undecided',
  title: 'the statement could not be judged',
  why: 'PostgreSQL’s parser cannot hold a text this long or this deeply nested, so nobody can tell what it leaves on the server connection',
  instead: 'send values as parameters or with COPY, and run long scripts over the direct connection',
  strictOnly: true,
  examples: { unsafe: [], safe: ['SELECT 1'] },
  call: { undecided: () => ({ does: 'unknown', state: 'setting', what: 'a statement that cannot be judged', when: 'always' }) },
}
