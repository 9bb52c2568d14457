import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InvalidOptionError } from '@poolsafe/core'
import { checkObject } from '@poolsafe/core/internal'
import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { toJson } from './report/json.ts'
import { toJUnit } from './report/junit.ts'
import { blamed, collect, collectDeclared, isWhole } from './report/report.ts'
import { summarize, summarizeRepairs } from './report/summary.ts'
import { describeUnused, type DeclaredRecord } from './strict/declared.ts'

/** The options of {@link PoolsafeReporter}. Paths are relative to the root of the run; missing folders are created. */
export interface ReporterOptions {
  /** Path of the JSON report. @default no file */
  readonly json?: string
  /** Path of the JUnit XML report. @default no file */
  readonly junit?: string
}

/**
 * Reports the findings of strict mode at the end of a Vitest run, over all files and workers: `reporters: ['default',
 * ['@poolsafe/testing/reporter', { json: 'poolsafe.json', junit: 'poolsafe.xml' }]]`. Without it each file reports its
 * own findings. In watch mode it reports each run. An exception by statement that no file needed fails the run.
 *
 * @throws InvalidOptionError for an unknown option, or a value that is not a path
 */
export class PoolsafeReporter implements Reporter {
  readonly #options: ReporterOptions
  #vitest: Vitest | undefined

  constructor(options: ReporterOptions = {}) {
    checkObject('the reporter', options, ['json', 'junit'])
    checkPath('json', options.json)
    checkPath('junit', options.junit)
    this.#options = options
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    vitest.provide('poolsafe.isReported', true)
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const tests = collect(modules)
    const declared = collectDeclared(modules)
    const unused = await this.#unusedIn(modules, declared)
    const { json, junit } = this.#options
    if (json !== undefined) this.#write(json, toJson(tests, declared))
    if (junit !== undefined) this.#write(junit, toJUnit(tests, unused))
    const texts = [
      summarize(blamed(tests)),
      summarizeRepairs(tests.flatMap(({ repairs }) => repairs)),
      ...unused.map((record) => `poolsafe: ${describeUnused(record, 'the whole run')}`),
    ]
    for (const text of texts) if (text !== '') this.#vitest?.logger.log(`\n${text}\n`)
    if (unused.length > 0) process.exitCode = 1
  }

  /** A run of some tests cannot show which exceptions are unused. */
  async #unusedIn(modules: readonly TestModule[], declared: readonly DeclaredRecord[]): Promise<DeclaredRecord[]> {
    if (!isWhole(modules)) return []
    const all = await this.#vitest?.globTestSpecifications()
    return all?.length === modules.length ? declared.filter(({ unused }) => unused.length > 0) : []
  }

  #write(path: string, text: string): void {
    const target = resolve(this.#vitest?.config.root ?? '.', path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
}

function checkPath(option: string, path: unknown): void {
  if (path === undefined || (typeof path === 'string' && path !== '')) return
  throw new InvalidOptionError(`the reporter: ${option}`, path, 'the path of a file')
}

// oxlint-disable-next-line import/no-default-export -- Vitest loads a reporter from its module's default export
export default PoolsafeReporter
