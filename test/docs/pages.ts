import { poolers, rules, type Finding, type Outcome, type PoolerProfile, type Rule, type RuleId } from '@poolsafe/core'
import type { Example } from '@poolsafe/core/internal'
import type { CallSign, Remedy } from '../../packages/core/src/rules/rule.ts'
import type { DetectedEffect } from '../../packages/core/src/analyze/analysis.ts'
import { analyze } from '../../packages/core/src/analyze/analyze.ts'
import { table } from './tables.ts'
import { docsOf, effectsOfCall, judge, judgeEffects } from '../../packages/core/src/guard/judge.ts'

interface Column {
  readonly heading: string
  readonly pooler: PoolerProfile
  /** `false`: through `pool.query`. */
  readonly pinned?: boolean
}

const serverVersion = 18

/** The poolers that differ most. `docs/poolers.md` has all of them. */
const columns: readonly Column[] = [
  { heading: 'strictest', pooler: poolers.strictest() },
  { heading: 'PgBouncer 1.18', pooler: poolers.pgbouncer({ version: '1.18', serverVersion }) },
  { heading: 'PgBouncer 1.24', pooler: poolers.pgbouncer({ version: '1.24', serverVersion }) },
  { heading: 'PgBouncer 1.26', pooler: poolers.pgbouncer({ version: '1.26', serverVersion }) },
  { heading: 'Odyssey', pooler: poolers.odyssey({ serverVersion }) },
  { heading: 'PgDog', pooler: poolers.pgdog() },
  { heading: 'Supavisor', pooler: poolers.supavisor() },
  { heading: 'RDS Proxy', pooler: poolers.rdsProxy() },
  { heading: 'direct', pooler: poolers.direct() },
  { heading: 'direct, `pool.query`', pooler: poolers.direct(), pinned: false },
]

const meanings: Readonly<Record<Outcome, string>> = {
  leaks: 'the state stays on a server connection that other clients use next',
  lost: 'the statement may run on a different server connection than the one that holds your state',
  wiped: 'the pooler removes the state when the transaction ends',
  rejected: 'the pooler answers with an error',
  ignored: 'the pooler reports success and does nothing',
  pinned:
    'it works, but the pooler reserves a server connection for the client until it disconnects; allowed unless you set the rule',
  ineffective: 'the statement does nothing where it is used',
  unknown: 'poolsafe cannot tell what stays behind',
}

const languages = [
  ['sql', 'SQL', 'sql'],
  ['pg', 'node-postgres', 'ts'],
  ['kysely', 'Kysely', 'ts'],
  ['prisma', 'Prisma', 'ts'],
] as const satisfies readonly (readonly [keyof Remedy, string, string])[]

/** The pages of the rules and their index, by file name. */
export function pages(): ReadonlyMap<string, string> {
  const ofRules = rules.map((rule): [string, string] => [fileOf(rule.id), page(rule)])
  return new Map([...ofRules, ['README.md', index()]])
}

function fileOf(id: RuleId): string {
  return docsOf(id).replace('docs/rules/', '')
}

function page(rule: Rule<RuleId>): string {
  const unsafe = rule.examples.unsafe.map(toExample)
  const parts = [
    `# ${rule.id}: ${rule.title}`,
    `**What happens:** ${happens(rule, unsafe)}.`,
    `**Why:** ${rule.why}.`,
    `**Instead:** ${rule.instead}.`,
    helpers(rule),
    code('## Instead, as code', rule.remedy),
    repairs(rule),
    '## What is found',
    ...(unsafe.length === 0 ? [`- ${besideText(rule)}`] : [block('sql', unsafe.map(shown).join('\n'))]),
    'What is not found:',
    block('sql', rule.examples.safe.map(toExample).map(shown).join('\n')),
    verdicts(rule, unsafe),
    allow(rule, unsafe),
    '[All rules](README.md)',
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** What a log entry or an error says about the first example. */
function happens(rule: Rule<RuleId>, [first]: readonly Example[]): string {
  const findings = first === undefined ? ofCalls(rule) : ofExample(rule, first)
  return findings[0]?.message ?? rule.title
}

function code(heading: string, remedy: Remedy): string {
  const written = languages.flatMap(([key, name, language]) => {
    const text = remedy[key]
    return text === undefined ? [] : [`${name}:`, block(language, text)]
  })
  return written.length === 0 ? '' : [heading, ...written].join('\n\n')
}

/** What mode `repair` sends. */
function repairs({ repair, clearing, unrepairable }: Rule<RuleId>): string {
  if (repair === undefined && clearing === undefined) return ''
  const except = unrepairable === undefined ? [] : [`What is not in this form is not repaired: ${unrepairable}.`]
  return [
    '## With mode `repair`',
    ...repairedTexts(repair),
    ...clearedTexts(clearing),
    ...except,
    '[More about repairs](../repair.md).',
  ].join('\n\n')
}

function repairedTexts(repair: Rule['repair']): string[] {
  if (repair === undefined) return []
  const rows = repair.examples.map(({ sql, sent }) => [asCode(sql), asCode(sent.trim())])
  return [
    'In an open transaction, poolsafe sends another text, which leaves nothing behind.',
    table(['you write', 'poolsafe sends'], rows),
  ]
}

function clearedTexts(clearing: Rule['clearing']): string[] {
  if (clearing === undefined) return []
  const rows = clearing.examples.map(({ sql, cleared }) => [asCode(sql), asCode(`COMMIT; ${cleared}`)])
  return [
    'The end of the transaction removes what the statement leaves.',
    table(['you write', 'poolsafe sends at the end'], rows),
  ]
}

function asCode(sql: string): string {
  return `\`${sql}\``
}

/** What poolsafe itself has for it. */
function helpers({ helpers: uses = [] }: Rule<RuleId>): string {
  if (uses.length === 0) return ''
  const parts = uses.map(({ helper: { name, does }, code: each, only }) =>
    code(
      `\`${name}\` ${does}${only === undefined ? '' : `. Only for ${only.map((what) => `\`${what}\``).join(', ')}`}.`,
      each,
    ),
  )
  return ['## Instead, with a helper', 'More about them: [helpers](../helpers.md).', ...parts].join('\n\n')
}

/** What a rule without unsafe examples finds: a call, not a text. */
const signs: Readonly<Record<CallSign, string>> = {
  releasedInTransaction: 'a connection that is released while its transaction is open',
  outsideHandle:
    'a call of the pool, or of the ORM’s own handle, that the callback of an open transaction awaits, directly or in a function that it awaits',
  cancelByPid: 'a query of Kysely with `inflightQueryAbortStrategy` set to `cancel query` or `kill session`',
  startupParameter:
    'a startup parameter such as `statement_timeout`, in the configuration of the pool, in its URL or in the environment',
  wrongProfile:
    'a profile that differs from what the pooler reports at login (PgBouncer from 1.26 on), or from the service that the URL names',
  undecided:
    'a text that is too complex for PostgreSQL’s parser, or a DO block that it cannot read, if either may touch the session (in strict mode only)',
  namedStatement: 'a statement that the driver sends with a name',
  usedAfterRelease:
    'a statement on a client after its `release()`: always while no other caller has the client; while another caller has it, only if the asynchronous contexts differ (strict mode)',
  releasedTwice:
    'a second `release()` of a client that another caller holds by then, if the asynchronous contexts differ (strict mode)',
}

/** An example of the name in a call, for rules that need one. */
const namesOfSigns: { readonly [Sign in CallSign]?: string } = {
  startupParameter: 'statement_timeout',
  usedAfterRelease: '12 ms ago by src/orders.ts:14:5',
  releasedTwice: '12 ms ago by src/orders.ts:14:5',
  wrongProfile:
    'it says mode session, not mode transaction, while at login the pooler says that it is PgBouncer 1.26.1 in transaction mode',
}

function callsOf(rule: Rule<RuleId>): CallSign[] {
  return Object.keys(rule.call ?? {}) as CallSign[]
}

function besideText(rule: Rule<RuleId>): string {
  return (
    rule.answer?.when ??
    callsOf(rule)
      .map((sign) => signs[sign])
      .join()
  )
}

/** The effects that the server's answer to the first safe example may show. */
function effectsOfAnswer({ id, answer, examples }: Rule<RuleId>): DetectedEffect[] {
  const [first] = examples.safe.map(toExample)
  const { telltales = [] } = answer === undefined || first === undefined ? {} : analyze(first.sql)
  return telltales.map(({ effect }) => effect).filter(({ rule }) => rule === id)
}

function verdicts(rule: Rule<RuleId>, unsafe: readonly Example[]): string {
  const rows =
    unsafe.length === 0
      ? [
          {
            label: besideText(rule),
            findings: ofCalls(rule),
          },
        ]
      : unsafe.map((example) => ({ label: `\`${shown(example)}\``, findings: ofExample(rule, example) }))
  const outcomes = [...new Set(rows.flatMap(({ findings }) => findings).flatMap((finding) => finding?.outcome ?? []))]
  const [only] = outcomes
  const isAlike =
    outcomes.length === 1 && rows.every(({ findings }) => findings.every((finding) => finding !== undefined))
  if (unsafe.length === 0 && isAlike && only !== undefined)
    return `## Behind which pooler\n\nThe same behind every pooler, and without one: **${only}**, ${meanings[only]}.`
  return [
    '## Behind which pooler',
    `In autocommit; PostgreSQL ${serverVersion}. A dash means that the pooler carries it: no finding. [All poolers](../poolers.md).`,
    table(
      ['', ...columns.map(({ heading }) => heading)],
      rows.map(({ label, findings }) => [label].concat(findings.map((finding) => finding?.outcome ?? '–'))),
    ),
    outcomes.map((outcome) => `- **${outcome}**: ${meanings[outcome]}`).join('\n'),
  ].join('\n\n')
}

function ofExample(rule: Rule<RuleId>, { sql, named = false, pinned = true }: Example): (Finding | undefined)[] {
  return columns.map((column) => {
    const findings = judge(analyze(sql), column.pooler, { named, pinned: pinned && column.pinned !== false })
    return findings.find((finding) => finding.rule === rule.id)
  })
}

function ofCalls(rule: Rule<RuleId>): (Finding | undefined)[] {
  const ofSigns = callsOf(rule).flatMap((sign) => effectsOfCall(sign, namesOfSigns[sign]))
  const effects = [...ofSigns, ...effectsOfAnswer(rule)]
  return columns.map(({ pooler }) => judgeEffects(effects, pooler, {})[0])
}

function allow(rule: Rule<RuleId>, unsafe: readonly Example[]): string {
  const ofGuard = [
    '## To allow it',
    'If it is safe in one place, say why ([exceptions](../exceptions.md)):',
    ...(hasStatement(rule)
      ? [
          block('ts', `await guard.allow('${rule.id}', 'why it is safe here', async () => { … })`),
          'Or in the SQL:',
          block('sql', `/* poolsafe-allow ${rule.id}: why it is safe here */`),
        ]
      : [block('ts', `createGuard({ exceptions: [{ rule: '${rule.id}', reason: 'why it is safe' }] })`)]),
    'Everywhere:',
    block('ts', `createGuard({ rules: { '${rule.id}': 'allow' } }) // or 'warn', or 'throw'`),
  ]
  const direct = columns.findIndex(({ pooler, pinned }) => pooler.name === 'direct' && pinned !== false)
  const found = unsafe.length === 0 ? [ofCalls(rule)] : unsafe.map((example) => ofExample(rule, example))
  if (found.some((findings) => findings[direct] !== undefined)) return ofGuard.join('\n\n')
  return [
    ...ofGuard,
    'If a pool connects to PostgreSQL directly, say so instead. A caller then keeps its session for as long as it holds the connection:',
    block('ts', 'createGuard({ pooler: poolers.direct() })'),
  ].join('\n\n')
}

/** Whether the rule finds statements, so that an exception can be a comment in the SQL. */
function hasStatement(rule: Rule<RuleId>): boolean {
  const ofStatements: ReadonlySet<CallSign> = new Set(['namedStatement', 'undecided'])
  return callsOf(rule).every((sign) => ofStatements.has(sign))
}

function index(): string {
  const rows = rules.map(({ id, title }) => [`[${id}](${fileOf(id)})`, title])
  return `# Rules\n\nWhat poolsafe finds. Each page says why, and what to do instead. Made from the rules themselves.\n\n${table(['Rule', 'What it finds'], rows)}\n`
}

function toExample(given: string | Example): Example {
  return typeof given === 'string' ? { sql: given } : given
}

function shown({ sql, named, pinned }: Example): string {
  const marks = [
    ...(named === true ? ['sent as a named statement'] : []),
    ...(pinned === false ? ['sent by pool.query'] : []),
  ]
  return marks.length === 0 ? sql : `${sql} -- ${marks.join(', ')}`
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}
