import { rules, type RuleId } from '@poolsafe/core'

/** Rules without a statement that `check` reports: of configurations, and of texts that it cannot judge. */
const ofConfigurations: ReadonlySet<RuleId> = new Set([
  'connection/startup-parameter',
  'connection/wrong-profile',
  'statement/undecided',
])

/** What both pages for coding agents say. The part about rules comes from the rules. */
function body(): string {
  const rows = rules
    .filter(({ id, examples }) => examples.unsafe.length > 0 || ofConfigurations.has(id))
    .map(({ id, title, instead }) => `- \`${id}\`: ${title}. Instead: ${instead}.`)
  return `## Check

\`\`\`sh
npx poolsafe check --format concise           # path:line:column: level: message (rule)
npx poolsafe check --format json              # the same with cause, remedy and statement
npx poolsafe check --pooler pgbouncer@1.24    # for this pooler; without it that of poolsafe.config, or the strictest
npx poolsafe check --changed origin/main      # only files of this branch
npx poolsafe explain 'SET search_path = a'    # one statement, for every pooler
npx poolsafe explain session/set              # one rule, with its safe form as code
\`\`\`

Exit code 0: clean. 1: findings. 2: a wrong command line or an error. \`error\` is wrong behind the pooler. \`note\` depends
on the connection (migrations, scripts) or cannot be judged; notes alone are clean. If migrations have a direct
connection, say so in \`poolsafe.config.ts\`: \`check: { migrations: { connection: 'direct' } }\`.

## Mend

1. Run \`npx poolsafe check --fix\`: it makes the changes that have one exact form, and changes nothing else.
2. For each finding that is left, run \`npx poolsafe explain <rule>\` and apply the safe form of the library in use.
3. Run the check again, and the tests.

Do not move a statement out of its transaction, and do not replace a lock by nothing. If the use is deliberate, ask, then
allow it with the true reason, in front of the statement:
\`// poolsafe-allow session/listen: a client of its own on the direct connection\` (in SQL: \`-- poolsafe-allow …\`).

## Rules

${rows.join('\n')}
`
}

/** `llms.txt`: what the package is, for any language model. */
export function llmsPage(): string {
  return `# poolsafe

> Finds what is unsafe behind a PostgreSQL transaction pooler (PgBouncer, Supavisor, RDS Proxy, …): statements that change
> or need the state of a server session.

${body()}`
}

/** `SKILL.md`: the same as a skill for coding agents. */
export function skillPage(): string {
  return `---
name: poolsafe
description: Use when code, migrations or configuration for PostgreSQL must work behind a transaction pooler (PgBouncer, Supavisor, RDS Proxy and the like), or when a poolsafe finding has to be understood, mended or allowed.
---

# Make PostgreSQL code safe behind a transaction pooler

${body()}`
}
