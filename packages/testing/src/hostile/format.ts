import { ruleById } from '@poolsafe/core'
import type { HostileReport, ReportedState } from './report.ts'

const did: Readonly<Record<ReportedState['does'], string>> = { leaves: 'left', clears: 'took away', needs: 'missed' }

/** Formats a report for people: what the transaction left, removed or missed, its statements, and the remedy. */
export function formatReport({ seq, statements, states, user, database, applicationName }: HostileReport): string {
  const whose = `${applicationName === '' ? 'a client' : applicationName}, as ${user} in ${database}`
  const lines = states.flatMap(({ kind, object, rule, does, isHidden }) => {
    const what = [kind.replaceAll('-', ' '), object].join(' ').trim()
    const where = isHidden && does !== 'needs' ? ', by a function, a procedure or a trigger' : ''
    return [`  ${did[does]} ${what}${where} (${rule})`, `    instead  ${ruleById[rule].instead}`]
  })
  return [`transaction ${seq} of ${whose}`, ...lines, ...statements.map((statement) => `  > ${statement}`)].join('\n')
}
