import { counted } from '@poolsafe/core/internal'
import { groupBy } from '../group-by.ts'
import type { FindingRecord, RepairRecord } from '../strict/record.ts'

/** A finding and its test. */
export interface Blamed {
  /** The test file, relative to the root of the run. */
  readonly file: string
  /** The test's full name; absent outside of tests. */
  readonly test: string | undefined
  /** True for a test that must fail: `test.fails`. */
  readonly isExpected?: boolean
  readonly record: FindingRecord
}

/**
 * Summarizes a run in a few lines: each rule with its count, its first call site and its remedy. Empty without
 * findings.
 */
export function summarize(all: readonly Blamed[]): string {
  if (all.length === 0) return ''
  const byRule = groupBy(all, ({ record }) => record.rule).toSorted(([, a], [, b]) => b.length - a.length)
  const tests = new Set(all.map(({ file, test }) => `${file}\n${test ?? ''}`)).size
  const width = Math.max(...byRule.map(([rule]) => rule.length))
  const digits = String(byRule[0]?.[1].length).length
  const blocks = byRule.flatMap(([rule, found]) => {
    const head = `  ${rule.padEnd(width)}  ${String(found.length).padStart(digits)}×  `
    const [first] = found
    if (first === undefined) return []
    const blank = ' '.repeat(head.length)
    return [`${head}${placeOf(first)}`, `${blank}in ${nameOf(first)}`, `${blank}instead: ${first.record.instead}`]
  })
  return [`poolsafe: ${counted(all.length, 'finding')} in ${counted(tests, 'test')}`, ...blocks].join('\n')
}

/** Lists what was repaired in a run: each rule with its count, what was changed, and where first. Empty without repairs. */
export function summarizeRepairs(repairs: readonly RepairRecord[]): string {
  if (repairs.length === 0) return ''
  const byHow = groupBy(repairs, ({ rule, how }) => `${rule}  ${how}`).toSorted(([, a], [, b]) => b.length - a.length)
  const lines = byHow.map(([what, found]) => {
    const [first] = found
    return `  ${what}  ${found.length}×  ${first === undefined ? '' : placeOf({ record: first })}`
  })
  return [`poolsafe: ${counted(repairs.length, 'repair')}`, ...lines].join('\n')
}

/** Number of characters of a statement that replace a missing call site. */
const shownLength = 80

/** `tests/orders.test.ts › tenants > reads its rows`. */
function nameOf({ file, test, isExpected }: Blamed): string {
  if (test === undefined) return `${file}, outside its tests`
  return `${file} › ${test}${isExpected === true ? ', which is expected to fail' : ''}`
}

/** The hostile pooler knows what was sent, but not from where. */
function placeOf({ record }: { readonly record: Pick<FindingRecord, 'operation' | 'place' | 'statement'> }): string {
  const place = [record.operation, record.place].filter((part) => part !== undefined).join(' at ')
  return place === '' ? `first by the statement ${record.statement.slice(0, shownLength)}` : `first at ${place}`
}
