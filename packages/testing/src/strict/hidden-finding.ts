import { processWide, ruleById, type Finding, type FindingEvent, type PoolerProfile, type RuleId } from '@poolsafe/core'
import type { HostileReport, ReportedState } from '../hostile/report.ts'
import { outsideScopes } from './scope.ts'

/** Statements of a transaction that are shown. */
const shownStatements = 5

/**
 * Tells strict mode what a transaction did to its session without any statement that says so: in a function, a trigger or a
 * procedure. What a statement says, the guards have judged, and refused or allowed with a reason.
 */
export function tellHidden(report: HostileReport, pooler: PoolerProfile): void {
  const { strict } = processWide
  if (strict === undefined) return
  // The pooler's sockets belong to whoever opened them: the test is the one that runs.
  outsideScopes(() => {
    const [first, ...others] = findingsOf(report, pooler).filter(({ rule }) => strict.allows?.(rule) !== true)
    if (first !== undefined) strict.onFinding(toEvent([first, ...others], report, pooler))
  })
}

function findingsOf({ states }: HostileReport, pooler: PoolerProfile): Finding[] {
  const hidden = states.filter(({ isHidden }) => isHidden)
  const firstOfRule = new Map<RuleId, Finding>()
  for (const state of hidden) if (!firstOfRule.has(state.rule)) firstOfRule.set(state.rule, toFinding(state, pooler))
  return [...firstOfRule.values()]
}

function toFinding({ rule, kind, object, does }: ReportedState, pooler: PoolerProfile): Finding {
  const { why, instead } = ruleById[rule]
  const what = `${kind.replaceAll('-', ' ')}${object === '' ? '' : ` ${object}`}`
  const leaves = pooler.carries[kind] === 'wiped' ? 'wiped' : 'leaks'
  return {
    rule,
    outcome: does === 'leaves' ? leaves : 'lost',
    message: `${what}: ${consequences[does]}, and no statement says so`,
    why,
    instead: `in the function, trigger or procedure that does it: ${instead}`,
    docs: `docs/rules/${rule.replace('/', '-')}.md`,
  }
}

const consequences: Readonly<Record<ReportedState['does'], string>> = {
  leaves: 'the transaction left it on a server connection that other clients use next',
  clears: 'the transaction took it from a server connection that other clients use next',
  needs: 'the transaction needed it from a server connection on which it is not',
}

function toEvent(findings: FindingEvent['findings'], { statements }: HostileReport, pooler: PoolerProfile): FindingEvent {
  const [first, ...others] = findings
  const statement = statements.slice(0, shownStatements).join('; ')
  const rows: [string, string][] = [
    ['statement', statement],
    ['sent', 'yes; the hostile pooler looked into the session after the transaction'],
    ['pooler', pooler.label],
    ['why', first.why],
    ['instead', first.instead],
    ...others.map(({ message, rule }): [string, string] => ['also', `${message} (${rule})`]),
    ['allow', `allowInTest('${first.rule}', 'why it is safe here')`],
    ['docs', `node_modules/@poolsafe/core/${first.docs}`],
  ]
  const message = [`${first.message} (${first.rule})`, ...rows.map(([label, text]) => `  ${label.padEnd(9)}  ${text}`)].join('\n')
  return { findings, statement, pooler, refused: false, operation: undefined, place: undefined, stack: undefined, message }
}
