import type { Rule } from './rule.ts'

/** A statement that the driver names stays on the server session; poolers carry it only where they track such names. */
export const namedStatement: Rule<'session/named-statement'> = {
  id: 'session/named-statement',
  title: 'a named statement of the driver needs a pooler that tracks names',
  why: 'the driver parses a named statement once for each of its connections, but the pooler moves them between server connections. On another server connection the name is unknown (26000) or already taken (42P05)',
  instead:
    'omit `name` (Prisma: no `statementNameGenerator`; postgres.js: `prepare: false`), or use a pooler whose version and settings track names, and pass its profile to the guard',
  onDirect: { instead: 'omit `name` (Prisma: no `statementNameGenerator`; postgres.js: `prepare: false`)' },
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
