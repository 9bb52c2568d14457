import type { Rule } from './rule.ts'

/** The seed is state of the server process; not even DISCARD ALL clears it. */
export const randomSeed: Rule<'session/random-seed'> = {
  id: 'session/random-seed',
  title: 'setseed changes the random numbers of other clients',
  why: 'the seed stays in the server process. Your next random() may run in another process, and random() of other clients repeats your sequence',
  instead: 'draw the numbers in the application with a seeded generator and send them as parameters',
  remedy: {
    pg: `// Any seeded generator of the application: \`random\` is one here.
const numbers = Array.from({ length: 100 }, () => random())
await pool.query('SELECT * FROM unnest($1::float8[])', [numbers])`,
  },
  examples: {
    unsafe: ['SELECT setseed(0.5)', 'SELECT pg_catalog.setseed(0.5)'],
    safe: ['SELECT random()', "SELECT 'setseed(0.5)'"],
  },
  functions: { setseed: () => ({ does: 'leaves', state: 'random-seed', what: 'setseed', when: 'always' }) },
}
