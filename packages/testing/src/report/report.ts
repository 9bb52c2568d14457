import type { TestCase, TestModule } from 'vitest/node'
import { merge, type DeclaredRecord } from '../strict/declared.ts'
import type { ExceptionRecord, FileRecord, FindingRecord } from '../strict/record.ts'
import type { Blamed } from './summary.ts'

/** A test, or what a file did outside its tests, as strict mode saw it. */
export interface ReportedTest {
  /** The test file, below the root of the run. */
  readonly file: string
  /** The test's full name; absent for what was found outside any test. */
  readonly test?: string
  /** Of a test that must fail: `test.fails`. */
  readonly isExpected?: true
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  readonly findings: readonly FindingRecord[]
  readonly exceptions: readonly ExceptionRecord[]
}

/** The exceptions by statement of all files, each once. */
export function collectDeclared(modules: readonly TestModule[]): DeclaredRecord[] {
  return merge(modules.flatMap((module) => fileRecord(module)?.declared ?? []))
}

/** Whether every test of every file ran and passed. */
export function isWhole(modules: readonly TestModule[]): boolean {
  return modules.every((module) => fileRecord(module)?.isWhole === true)
}

function fileRecord(module: TestModule): FileRecord | undefined {
  return module.meta().poolsafe as FileRecord | undefined
}

/** Everything that ran, file by file. */
export function collect(modules: readonly TestModule[]): ReportedTest[] {
  // Files end in any order; a report is the same each time.
  return modules.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)).flatMap(reportedOf)
}

function reportedOf(module: TestModule): ReportedTest[] {
  const file = module.relativeModuleId
  const { findings = [], exceptions = [] } = module.meta().poolsafe ?? {}
  const inside = [...module.children.allTests()].map((test) => reported(file, test))
  if (findings.length + exceptions.length === 0) return inside
  return [{ file, state: stateOf(module, findings), findings, exceptions }, ...inside]
}

/** A file fails for its tests as well: outside them, for what was found. */
function stateOf(module: TestModule, findings: readonly FindingRecord[]): ReportedTest['state'] {
  return findings.length > 0 || module.errors().length > 0 ? 'failed' : 'passed'
}

function reported(file: string, test: TestCase): ReportedTest {
  const { findings = [], exceptions = [] } = test.meta().poolsafe ?? {}
  const expected = test.options.fails === true ? { isExpected: true as const } : {}
  return { file, test: test.fullName, ...expected, state: test.result().state, findings, exceptions }
}

/** Each finding with the test that it is held against. */
export function blamed(tests: readonly ReportedTest[]): Blamed[] {
  return tests.flatMap(({ file, test, isExpected = false, findings }) => findings.map((record) => ({ file, test, isExpected, record })))
}
