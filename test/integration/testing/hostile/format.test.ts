import { ruleById } from '@poolsafe/core'
import { formatReport, type HostileReport } from '@poolsafe/testing/hostile'
import { expect, test } from 'vitest'

const report: HostileReport = {
  seq: 12,
  statements: ['INSERT INTO orders VALUES ($1)', 'SELECT lastval()'],
  states: [
    {
      kind: 'setting',
      object: 'app.last_order',
      rule: 'session/set',
      does: 'leaves',
      seenIn: 'session',
      isHidden: true,
    },
    {
      kind: 'sequence-value',
      object: '',
      rule: 'session/sequence-value',
      does: 'needs',
      seenIn: 'answer',
      isHidden: false,
    },
  ],
  user: 'app',
  database: 'shop',
  applicationName: '',
}

test('a report reads as what was done, the remedy and the statements', () => {
  expect(formatReport(report).split('\n')).toEqual([
    'transaction 12 of a client, as app in shop',
    '  left setting app.last_order, by a function, a procedure or a trigger (session/set)',
    `    instead  ${ruleById['session/set'].instead}`,
    '  missed sequence value (session/sequence-value)',
    `    instead  ${ruleById['session/sequence-value'].instead}`,
    '  > INSERT INTO orders VALUES ($1)',
    '  > SELECT lastval()',
  ])
})
