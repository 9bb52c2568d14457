import { expect, test } from 'vitest'
import { describePlan } from './plan.ts'

const scan = {
  'Node Type': 'Seq Scan',
  'Relation Name': 'orders',
  Alias: 'o',
  'Startup Cost': 0,
  'Total Cost': 155.5,
  'Plan Rows': 12,
}

function of(plan: object): string | undefined {
  return describePlan([{ Plan: plan }])
}

test('a plan is an indented tree', () => {
  const index = {
    ...scan,
    'Node Type': 'Index Scan',
    'Relation Name': 'users',
    Alias: 'users',
    'Index Name': 'users_pkey',
  }
  const join = { 'Node Type': 'Hash Join', 'Join Type': 'Left', 'Startup Cost': 1, 'Total Cost': 2, 'Plan Rows': 3 }
  expect(of({ ...join, 'Hash Cond': '(o.author = users.id)', Plans: [scan, index] })).toBe(
    [
      'Hash Left Join (cost 1..2, rows 3)',
      '  Hash Cond: (o.author = users.id)',
      '  Seq Scan on orders o (cost 0..155.5, rows 12)',
      '  Index Scan using users_pkey on users (cost 0..155.5, rows 12)',
    ].join('\n'),
  )
})

test('conditions have no literals', () => {
  const text = of({
    ...scan,
    Filter: "((email = 's3cret@x'::text) AND (pin = 4711) AND (id = $1))",
    'Sort Key': ["(name || 's3cret')"],
  })
  expect(text).toContain('Filter: ((email = ?::text) AND (pin = ?) AND (id = $1))')
  expect(text).toContain('Sort Key: (name || ?)')
})

test('a field that is not known is left out, whatever it holds', () => {
  expect(
    of({ ...scan, Output: ["'s3cret'"], 'Remote SQL': "SELECT 's3cret'", 'Table Function Call': "'s3cret'" }),
  ).not.toContain('s3cret')
})

test('a plan of hundreds of nodes is cut', () => {
  const lines = of({ ...scan, Plans: Array.from({ length: 500 }, () => scan) })?.split('\n') ?? []
  expect(lines).toHaveLength(31)
  expect(lines.at(-1)).toBe('… and 471 more lines')
})

test('a plan that comes as text is read', () => {
  expect(describePlan(JSON.stringify([{ Plan: scan }]))).toBe('Seq Scan on orders o (cost 0..155.5, rows 12)')
})

test.each([undefined, null, [], [{}], 7, {}, [{ Plan: 'x' }]])('%j is no plan', (answer) => {
  expect(describePlan(answer)).toBeUndefined()
})
