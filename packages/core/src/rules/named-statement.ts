import type { Rule } from './rule.ts'

/** A statement that the driver names stays on the server session; poolers carry it only where they track such names. */
export const namedStatement: Rule<'session/named-statement'> = {
  id: 'session/named-statement',
  title: 'a named statement of the driver needs a pooler that tracks names',
  why: 'the driver parses a named statement once for each connection that it sees, while the pooler moves it between server connections: elsewhere the name is unknown (26000), or taken already (42P05)',
  instead:
    'leave `name` out (Prisma: no `statementNameGenerator`), or use a pooler, at a version and with settings, that tracks names, and say so in the guard’s profile',
  remedy: {
    pg: `// Without \`name\`: nothing is left on the server connection.
await pool.query({ text: 'SELECT * FROM users WHERE id = $1', values: [userId] })`,
    prisma: `// Without \`statementNameGenerator\` in the second argument.
const adapter = new PrismaPg({ connectionString })`,
  },
  examples: {
    unsafe: [{ sql: 'SELECT 1', named: true }],
    safe: [{ sql: 'SELECT 1' }],
  },
  call: {
    namedStatement: () => ({ does: 'leaves', state: 'named-statement', what: 'a named statement', when: 'always' }),
  },
}
