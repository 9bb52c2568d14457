import type { Analysis } from '../analyze/analysis.ts'
import { createAnalyzer, noLookups } from '../analyze/analyze.ts'
import { Events } from './events.ts'
import { Exceptions } from './exceptions.ts'
import { FindingReporter } from './finding-reporter.ts'
import { GuardLog } from './guard-log.ts'
import type { Mode, ResolvedOptions } from './options.ts'
import { strictness } from './strict.ts'

/** The parts of a guard that both of its faces use: `Guard` for users and `Engine` for adapters. */
export class GuardParts {
  readonly options: ResolvedOptions
  readonly events: Events = new Events()
  readonly exceptions: Exceptions
  readonly log: GuardLog
  readonly reporter: FindingReporter
  readonly lookups: ReturnType<typeof noLookups> = noLookups()
  /** Analyzes a text, or returns what is remembered of it. */
  readonly analyze: (sql: string) => Analysis

  /** @param guard the guard that scopes of `guard.allow` name */
  constructor(options: ResolvedOptions, guard: object) {
    this.options = options
    this.exceptions = new Exceptions(guard, options.exceptions)
    this.log = new GuardLog(options.logger, this.events)
    this.reporter = new FindingReporter(options.pooler, this.events, this.log)
    this.analyze = createAnalyzer(options.cacheBytes, this.lookups, options.catalog)
  }

  /** `strict` in every guard of the process while `@poolsafe/testing/strict` is loaded. */
  get mode(): Mode {
    return strictness.current === undefined ? this.options.mode : 'strict'
  }
}
