import { groupBy } from '../group-by.ts'
import type { DeclaredRecord } from '../strict/declared.ts'
import { blamed, type ReportedTest } from './report.ts'

/** The JSON report: by rule, then by test. Its format is version 1; fields may be added. */
export function toJson(tests: readonly ReportedTest[], declared: readonly DeclaredRecord[]): string {
  const all = blamed(tests)
  const rules = groupBy(all, ({ record }) => record.rule).map(([rule, found]) => {
    const { place, instead, docs } = found[0]?.record ?? {}
    const where = { file: found[0]?.file, test: found[0]?.test, place }
    return { rule, count: found.length, first: where, instead, docs }
  })
  const named = tests.filter(
    ({ findings, exceptions, repairs }) => findings.length + exceptions.length + repairs.length > 0,
  )
  const report = {
    version: 1,
    testCount: tests.length,
    findingCount: all.length,
    repairCount: tests.reduce((count, { repairs }) => count + repairs.length, 0),
    rules,
    tests: named,
    exceptions: declared,
  }
  return `${JSON.stringify(report, null, 2)}\n`
}
