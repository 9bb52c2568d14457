import { describeConformance } from '@poolsafe/testing/conformance'
import { after as afterAll, describe, it } from 'node:test'
import { knexAdapter } from '../conformance/third-party/knex-adapter.ts'

// The conformance suite on a third party's adapter, with the packages as they are published and the runner of Node.
// Compiled and run twice: as an ES module and as CommonJS.

describeConformance(knexAdapter, { describe, it, afterAll })
