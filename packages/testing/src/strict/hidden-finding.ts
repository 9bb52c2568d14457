import type { Finding, FindingEvent, PoolerProfile } from '@poolsafe/core'
import type { DetectedEffect } from '@poolsafe/core/adapter'
import { judgeEffects, layOut, strictness } from '@poolsafe/core/internal'
import type { HostileReport, ReportedState } from '../hostile/report.ts'
import { outsideScopes } from './scope.ts'

/** Number of shown statements of a transaction. */
const shownStatements = 5

/**
 * Reports to strict mode what a transaction did to its session in a function, a trigger or a procedure. The guards
 * judge what a statement itself says.
 */
export function tellHidden(report: HostileReport, pooler: PoolerProfile): void {
  const strict = strictness.current
  if (strict === undefined) return
  // The pooler's sockets have the async context of their creator, so the running test is meant.
  outsideScopes(() => {
    const [first, ...others] = findingsOf(report, pooler).filter(({ rule }) => strict.allows?.(rule) !== true)
    if (first !== undefined) strict.onFinding(toEvent([first, ...others], report, pooler))
  })
}

function findingsOf({ states }: HostileReport, pooler: PoolerProfile): Finding[] {
  const effects = states.filter(({ isHidden }) => isHidden).map((state) => toEffect(state, pooler))
  return judgeEffects(effects, pooler, {}).map((finding) =>
    Object.assign({}, finding, {
      instead: `in the function, trigger or procedure that does it: ${finding.instead}`,
      helpers: [],
    }),
  )
}

/** A state that was seen is a fact, so only its consequence has to be said. */
function toEffect({ rule, kind, object, does }: ReportedState, pooler: PoolerProfile): DetectedEffect {
  const what = `${kind.replaceAll('-', ' ')}${object === '' ? '' : ` ${object}`}`
  const left = pooler.carries[kind] === 'wiped' ? 'wiped' : 'leaks'
  const told = {
    outcome: does === 'leaves' ? left : 'lost',
    consequence: `${consequences[does]}, and no statement says so`,
  } as const
  return { does, state: kind, what, when: 'always', rule, told }
}

const consequences: Readonly<Record<ReportedState['does'], string>> = {
  leaves: 'was left by the transaction on a server connection that other clients use next',
  clears: 'was taken by the transaction from a server connection that other clients use next',
  needs: 'was needed by the transaction on a server connection where it is not',
}

function toEvent(
  findings: FindingEvent['findings'],
  { statements }: HostileReport,
  pooler: PoolerProfile,
): FindingEvent {
  const statement = statements.slice(0, shownStatements).join('; ')
  const message = layOut(
    { findings, statement, pooler },
    {
      sent: 'yes; the hostile pooler looked into the session after the transaction',
      by: '',
      allow: `allowInTest('${findings[0].rule}', 'why it is safe here')`,
    },
  )
  return {
    findings,
    statement,
    pooler,
    refused: false,
    operation: undefined,
    place: undefined,
    stack: undefined,
    message,
  }
}
