import { shared, type Slot, type StrictOverride } from '@poolsafe/core/internal'
import type { FindingEvent } from '@poolsafe/core'
import { inject, type RunnerTestCase, type RunnerTestFile, type RunnerTestSuite, type TestError } from 'vitest'
import { summarize, type Blamed } from '../report/summary.ts'
import { demandStrictMode } from '../strict-mode.ts'
import { Declarations, describeUnused, type DeclaredRecord } from './declared.ts'
import { exceptionRecord, recordsOf, repairsOf, type FileRecord, type TaskRecord } from './record.ts'
import {
  closeAllScopes,
  closeScope,
  hold,
  holdComplaint,
  holdRepair,
  isAllowed,
  openScope,
  runIn,
  type Found,
  type Scope,
} from './scope.ts'
import { StrictModeError, unsafeStatements, unusedException } from './strict-mode-error.ts'
import { hearWitnesses } from './witness.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** The findings of strict mode in this test, or in this file outside its tests. */
    poolsafe?: TaskRecord | FileRecord
  }
  interface ProvidedContext {
    /** True if a reporter reports the findings at the end of the run. */
    'poolsafe.isReported'?: boolean
  }
}

/** Ends the strict mode of the last file. Process-wide because Vitest may load this file anew for each test file. */
const lastDemand: Slot<() => void> = shared('testing.demand', () => ({ current: undefined }))

/** Makes the process strict for one test file. */
export function beginFile(): FileRun {
  lastDemand.current?.()
  closeAllScopes()
  const run = new FileRun()
  lastDemand.current = demandStrictMode(run.demand)
  return run
}

/** One test file in strict mode: a finding fails the test that sent the statement. */
export class FileRun {
  // Open from the start, because statements that modules send while they load belong to the file.
  readonly #scope: Scope = openScope('the file', undefined)
  /** By test, over its attempts: what was found once is not excused by a retry in which it was not sent again. */
  readonly #earlier = new WeakMap<RunnerTestCase, readonly Found[]>()
  readonly #declarations = new Declarations()

  readonly demand: StrictOverride = {
    onFinding: hold,
    allows: isAllowed,
    onComplaint: holdComplaint,
    onRepaired: holdRepair,
    onDeclared: (exception) => this.#declarations.declare(exception),
    onAllowed: (event) => this.#declarations.allow(event),
  }

  /** Runs the file, then fails it for what was found outside its tests. */
  async aroundFile(runSuite: () => Promise<void>, file: RunnerTestFile): Promise<void> {
    const scope = this.#scope
    await runIn(scope, runSuite)
    await hearWitnesses()
    closeScope(scope)
    const isWhole = testsIn(file).every(({ mode, result }) => mode === 'todo' || result?.state === 'pass')
    const declared = this.#declarations.records
    file.meta.poolsafe = { ...recordOf(scope, scope.found), declared, isWhole }
    const summary = summarize(blamedIn(file))
    const isReported = inject('poolsafe.isReported') === true
    if (summary !== '' && !isReported) console.warn(summary)
    const errors = errorsFor('this file', scope, { shown: [], way: outsideTests })
    if (isWhole) errors.push(...unneeded('this file', scope))
    // A reporter knows what the other files needed.
    if (isWhole && !isReported) errors.push(...declared.filter(isUnusedHere).map(unusedByStatement))
    throwAll(errors)
  }

  /** Runs one attempt of a test, then fails it for what was found, unless its own error says so already. */
  async aroundTest(runTest: () => Promise<void>, task: RunnerTestCase): Promise<void> {
    const errorsBefore = task.result?.errors?.length ?? 0
    const scope = openScope(task.fullTestName, this.#scope)
    await runIn(scope, runTest)
    await hearWitnesses()
    closeScope(scope)
    const found = this.#withEarlier(task, scope.found)
    // A test that skips itself half-way cannot fail.
    const isSkipped = task.result?.state === 'skip'
    if (isSkipped) this.#scope.found.push(...found)
    task.meta.poolsafe = recordOf(scope, isSkipped ? [] : found)
    const shown = task.result?.errors?.slice(errorsBefore).flatMap(textsOf) ?? []
    const rule = found[0]?.event.findings[0].rule
    const way = `A test that means it says so: allowInTest('${rule}', 'why it is safe here'), or await expect(fn).not.toRunPoolsafe()`
    const errors = errorsFor('this test', { ...scope, found }, { shown, way })
    if (task.result?.state === 'pass') errors.push(...unneeded('this test', scope))
    throwAll(errors)
  }

  #withEarlier(task: RunnerTestCase, found: readonly Found[]): readonly Found[] {
    const earlier = this.#earlier.get(task) ?? []
    const missed = earlier.filter(({ event }) => found.every((now) => now.event.message !== event.message))
    const all = [...missed, ...found]
    this.#earlier.set(task, all)
    return all
  }
}

function recordOf({ allowances, repaired }: Scope, found: readonly Found[]): TaskRecord {
  return {
    findings: found.flatMap(recordsOf),
    exceptions: allowances.map(exceptionRecord),
    repairs: repaired.flatMap(repairsOf),
  }
}

const outsideTests =
  'No test is held to account: the modules and hooks of the file sent it, a test that skipped itself, or one of several that ran at once.'

interface Wording {
  /** The errors that Vitest reports already. */
  readonly shown: readonly string[]
  /** The texts to add to new errors. */
  readonly way: string
}

function errorsFor(
  who: string,
  scope: Pick<Scope, 'complaints'> & { readonly found: readonly Found[] },
  { shown, way }: Wording,
): Error[] {
  const isNew = ({ message }: { readonly message: string }): boolean => !shown.some((text) => text.includes(message))
  const found = scope.found.filter(({ event }) => isNew(event) && !isSaid(event, scope.complaints))
  return [...(found.length === 0 ? [] : [unsafeStatements(who, found, way)]), ...scope.complaints.filter(isNew)]
}

/**
 * Returns true if an error says already why a statement was refused: a comment that would allow it is not in the right
 * form.
 */
function isSaid({ statement }: FindingEvent, complaints: Scope['complaints']): boolean {
  return complaints.some(({ message }) => message.split('\n').includes(`  statement  ${statement}`))
}

function unusedByStatement(record: DeclaredRecord): StrictModeError {
  return new StrictModeError(describeUnused(record, 'this file'), [], '')
}

/** An option serves all files; of a scope or a comment this one has seen enough. */
function isUnusedHere({ by, unused }: DeclaredRecord): boolean {
  return by !== 'option' && unused.length > 0
}

function unneeded(who: string, { allowances }: Scope): StrictModeError[] {
  return allowances.filter(({ isUsed }) => !isUsed).map((allowance) => unusedException(who, allowance))
}

function throwAll(errors: readonly Error[]): void {
  const [first, ...others] = errors
  if (first !== undefined) throw others.length === 0 ? first : new AggregateError(errors)
}

/** Every text of an error that Vitest shows. */
function textsOf({ message, stack, cause }: TestError): string[] {
  return [message, stack ?? '', ...(cause === undefined ? [] : textsOf(cause))]
}

function testsIn({ tasks }: RunnerTestSuite): RunnerTestCase[] {
  return tasks.flatMap((task) => (task.type === 'suite' ? testsIn(task) : [task]))
}

function blamedIn(file: RunnerTestFile): Blamed[] {
  const outside = (file.meta.poolsafe?.findings ?? []).map((record) => ({ file: file.name, test: undefined, record }))
  const inside = testsIn(file).flatMap(({ fullTestName, fails = false, meta }) =>
    (meta.poolsafe?.findings ?? []).map((record) => ({
      file: file.name,
      test: fullTestName,
      isExpected: fails,
      record,
    })),
  )
  return [...outside, ...inside]
}
