import type { Finding } from '@poolsafe/core'
import { docsOf, effectsOfCall, judgeEffects } from '@poolsafe/core/internal'
import type { CodeFile } from '../check-code.ts'
import type { CheckFinding } from '../finding.ts'
import type { Judge } from '../sql/judge.ts'
import * as detectors from './all.ts'
import type { Detector, Fact, Sent } from './detector.ts'

const all: readonly Detector[] = Object.values(detectors)
const words = new RegExp(all.map((detector) => detector.words.source).join('|'))

/** Returns true if a file may have a configuration that touches session state. */
export function mayConfigureSessions(source: string): boolean {
  return words.test(source)
}

/** The statements that the configurations of a file make libraries send. */
export interface ConfigurationResult {
  readonly findings: readonly CheckFinding[]
  /** For findings that depend on another file: the fact that they need. */
  readonly needs: ReadonlyMap<CheckFinding, string>
}

/** Finds what the configurations in a file of code make libraries send, and judges it. */
export function checkConfiguration(code: CodeFile, judges: readonly Judge[]): ConfigurationResult {
  const { file } = code
  const { source } = file.syntax
  const facts = all.filter((detector) => detector.words.test(source)).flatMap((detector) => detector.find(file))
  const needs = new Map<CheckFinding, string>()
  const findings = facts.flatMap((fact) => {
    const found = judges.flatMap((judge) =>
      judgeSent(fact.sends, judge).map((finding) => toFinding(finding, fact, code, judge)),
    )
    if (fact.needs !== undefined) for (const finding of found) needs.set(finding, fact.needs)
    return found
  })
  return { findings, needs }
}

function toFinding(finding: Finding, fact: Fact, { path, origin, lines }: CodeFile, { pooler }: Judge): CheckFinding {
  const isNote = fact.isOfMigrations === true || origin === 'migration'
  return {
    ...finding,
    ...lines.place(path, fact.node.start, fact.node.end),
    message: messageOf(fact, finding),
    instead: fact.instead,
    helpers: [],
    level: isNote ? 'note' : 'error',
    origin: isNote ? 'migration' : 'configuration',
    statement: '',
    sql: '',
    poolers: [pooler.label],
  }
}

/** Judges what a library sends. */
export function judgeSent(sent: Sent, judge: Judge): Finding[] {
  const { pooler } = judge
  if ('startup' in sent) return judgeEffects(effectsOfCall('startupParameter', sent.startup), pooler, {})
  if ('isPooledUrl' in sent) return pooler.isDirect === true ? [] : [wrongUrl]
  if ('isNamed' in sent) return judge.judge('SELECT 1', [{ named: true }]).map(({ finding }) => finding)
  return judge.judge(sent.sql, [{ inTransaction: false }]).map(({ finding }) => finding)
}

const wrongUrl: Finding = {
  rule: 'connection/wrong-profile',
  outcome: 'lost',
  message: 'migrations go through a pooler',
  why: 'what a migration sets, locks or creates for its session stays on a connection that other clients use next',
  instead: 'give migrations the direct URL of the database',
  docs: docsOf('connection/wrong-profile'),
  helpers: [],
}

/**
 * `searchPath makes Knex send SET search_path: what it leaves stays on a server connection that other clients use
 * next`.
 */
function messageOf({ what }: Fact, { rule, message, outcome }: Finding): string {
  const consequence = rule === wrongUrl.rule ? wrongUrl.why : (consequences[outcome] ?? message)
  return `${what}: ${consequence}`
}

const consequences: { readonly [Outcome in Finding['outcome']]?: string } = {
  leaks: 'what it leaves stays on a server connection that other clients use next',
  lost: 'it may reach another server connection than the one it is for',
  wiped: 'the pooler removes it when the transaction ends',
  rejected: 'the pooler refuses it',
  ignored: 'the pooler ignores it and reports success',
}
