import { rules, type RuleId } from '@poolsafe/core'
import { table } from '../docs/tables.ts'
import { circumstances } from './circumstances.ts'
import { differences } from './differences.ts'
import type { Seen } from './experiment.ts'
import type { Result } from './run.ts'

const meanings: Readonly<Record<Seen, string>> = {
  leaks: 'a second client, on the same server connection, has what the first one left',
  lost: 'the client was moved: the statement acts on a server connection without what it means, and a second client has that',
  wiped: 'the client does not have any more what it left, and a second client does not have it either',
  rejected: 'an error that PostgreSQL itself does not give',
  refused: 'PostgreSQL 18 itself refuses the example, whatever the session: there is no more to be seen',
  ineffective: 'the statement does in a transaction what it does not do alone, on any server',
  unsaid:
    'a second client has what the first one left, and no finding: the pooler does not say at login what it is, so that nobody can know of it',
  none: 'the server keeps it for its client, or the pooler restores it on every server connection',
}

/** In a cell; the first server is PostgreSQL itself. */
function word(seen: Seen, isPooler: boolean): string {
  if (seen !== 'none') return seen
  return isPooler ? 'no harm: tracked' : 'no harm'
}

/** The table of what was seen: rule by server, then example by server. */
export function proofsPage(results: readonly Result[], servers: readonly string[]): string {
  const parts = [
    '# Proofs',
    'What was seen of every example of every rule, on each of these servers. Made by `npm run proofs -- --write`; `npm run proofs` fails where the sight differs from this page, or from the verdict of the guard with the profile of that server: a finding where there is harm, of the kind that was seen, and none where there is none. `npm test` does the same with PostgreSQL and one PgBouncer.',
    'Each example is sent by a client whose pool has two server connections. A third client holds one of them, so that a second client comes to the one that the first has used, and looks; then they are exchanged, so that the first comes to the other one.',
    Object.entries(meanings)
      .map(([seen, meaning]) => `- **${seen === 'none' ? 'no harm' : seen}**: ${meaning}`)
      .join('\n'),
    '## Rule by server',
    'The last column counts the safe examples of the rule, the remedies among them: each was run on every server, and left nothing that a second client sees.',
    overview(results, servers),
    ...rules.filter(({ id }) => results.some(({ rule }) => rule === id)).map(({ id }) => section(id, results, servers)),
    '[Poolers](poolers.md) · [All rules](rules/README.md)',
  ]
  return `${parts.join('\n\n')}\n`
}

function overview(results: readonly Result[], servers: readonly string[]): string {
  const rows = rules.map(({ id }) => {
    const mine = results.filter(({ rule }) => rule === id)
    const why = circumstances[id]?.unproved
    if (why !== undefined || mine.length === 0)
      return [link(id)].concat(Array<string>(servers.length).fill('not proved'), why ?? '')
    const cells = servers.map((server, index) => {
      const harms = mine.filter(({ target, isSafe, seen }) => target === server && !isSafe && seen !== 'refused')
      return [...new Set(harms.map(({ seen }) => word(seen, index > 0)))].join(', ')
    })
    const safe = new Set(mine.filter(({ isSafe }) => isSafe).map(({ sql }) => sql))
    return [link(id)].concat(cells, `✓ ${safe.size}`)
  })
  return table(['Rule', ...servers, 'Remedies'], rows)
}

function section(id: RuleId, results: readonly Result[], servers: readonly string[]): string {
  const mine = results.filter(({ rule }) => rule === id)
  const examples = [...new Set(mine.toSorted((a, b) => Number(a.isSafe) - Number(b.isSafe)).map(({ sql }) => sql))]
  const rows = examples.map((sql) => {
    const of = mine.filter((result) => result.sql === sql)
    const cells = servers.map((server, index) => {
      const result = of.find(({ target }) => target === server)
      return cell(result, index > 0)
    })
    return [code(sql)].concat(cells)
  })
  const given = Object.entries(circumstances[id]?.examples ?? {})
  const run = given.map(([sql, { run: text }]) => (text === undefined ? '' : `- ${code(sql)} was run as ${code(text)}`))
  const notRun = given.map(([sql, { unproved }]) =>
    unproved === undefined ? '' : `- ${code(sql)} was not run: ${unproved}`,
  )
  const known = differences
    .filter(({ rule }) => rule === id)
    .map(({ sql, server, why }) => `- ${code(sql)} on ${server}: ${why}`)
  const below = [...run, ...notRun, ...known].filter((line) => line !== '').join('\n')
  return [`## ${id}`, table(['Example', ...servers], rows), ...(below === '' ? [] : [below])].join('\n\n')
}

function cell(result: Result | undefined, isPooler: boolean): string {
  if (result === undefined) return 'not run'
  const seen = word(result.seen, isPooler)
  if (result.isSafe) return result.seen === 'none' ? '✓' : seen
  return result.contradiction === undefined
    ? seen
    : `${seen}, and ${result.seen === 'none' ? 'found' : `called ${result.outcome ?? 'nothing'}`} (see below)`
}

function link(id: RuleId): string {
  return `[${id}](rules/${id.replace('/', '-')}.md)`
}

function code(sql: string): string {
  return `\`${sql.replaceAll(/\s+/g, ' ')}\``
}
