import type { TestCase, TestModule } from 'vitest/node'
import { merge, type DeclaredRecord } from '../strict/declared.ts'
import type { ExceptionRecord, FileRecord, FindingRecord, RepairRecord } from '../strict/record.ts'
import type { Blamed } from './summary.ts'

/** The observations of strict mode in a test, or in a file outside its tests. */
export interface ReportedTest {
  /** The test file, relative to the root of the run. */
  readonly file: string
  /** The test's full name; absent outside of tests. */
  readonly test?: string
  /** True for a test that must fail: `test.fails`. */
  readonly isExpected?: true
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  readonly findings: readonly FindingRecord[]
  readonly exceptions: readonly ExceptionRecord[]
  /** The changes of `repair`. */
  readonly repairs: readonly RepairRecord[]
  /** The names of its errors. Messages are omitted, because they may contain compared values. */
  readonly errors: readonly string[]
}

/** The exceptions by statement of all files, each once. */
export function collectDeclared(modules: readonly TestModule[]): DeclaredRecord[] {
  return merge(modules.flatMap((module) => fileRecord(module)?.declared ?? []))
}

/** True if every test of every file ran and passed. */
export function isWhole(modules: readonly TestModule[]): boolean {
  return modules.every((module) => fileRecord(module)?.isWhole === true)
}

function fileRecord(module: TestModule): FileRecord | undefined {
  return module.meta().poolsafe as FileRecord | undefined
}

/** All tests, by file. */
export function collect(modules: readonly TestModule[]): ReportedTest[] {
  // Files end in any order; sorting makes the report reproducible.
  return modules.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)).flatMap(reportedOf)
}

function reportedOf(module: TestModule): ReportedTest[] {
  const file = module.relativeModuleId
  const { findings = [], exceptions = [], repairs = [] } = module.meta().poolsafe ?? {}
  const inside = [...module.children.allTests()].map((test) => reported(file, test))
  const errors = namesOf([...module.errors(), ...[...module.children.allSuites()].flatMap((each) => each.errors())])
  if (findings.length + exceptions.length + repairs.length + errors.length === 0) return inside
  // A file fails for its tests as well: outside them, for what was found or thrown there.
  const state = findings.length + errors.length > 0 ? 'failed' : 'passed'
  return [{ file, state, findings, exceptions, repairs, errors }, ...inside]
}

function namesOf(errors: readonly { readonly name?: string }[] = []): string[] {
  return errors.map(({ name = 'Error' }) => name)
}

function reported(file: string, test: TestCase): ReportedTest {
  const { findings = [], exceptions = [], repairs = [] } = test.meta().poolsafe ?? {}
  const expected = test.options.fails === true ? { isExpected: true as const } : {}
  const { state, errors } = test.result()
  return {
    file,
    test: test.fullName,
    ...expected,
    state,
    findings,
    exceptions,
    repairs,
    errors: state === 'failed' ? namesOf(errors) : [],
  }
}

/** Each finding with the test that it is held against. */
export function blamed(tests: readonly ReportedTest[]): Blamed[] {
  return tests.flatMap(({ file, test, isExpected = false, findings }) =>
    findings.map((record) => ({ file, test, isExpected, record })),
  )
}
