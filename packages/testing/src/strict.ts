// For Vitest: `setupFiles: ['@poolsafe/testing/strict']`. Importing it is all there is to do.
import { aroundAll, aroundEach, expect } from 'vitest'
import { matchers } from './matchers/matchers.ts'
import { beginFile } from './strict/file-run.ts'

// Vitest runs a setup file anew for each test file, also where it keeps the modules of the last one.
const run = beginFile()

expect.extend(matchers)

// The outermost hooks: everything that the hooks and tests of the file do runs inside them.
// oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern which fixtures a hook wants: none
aroundAll((runSuite, {}, { file }) => run.aroundFile(runSuite, file))
aroundEach((runTest, { task }) => run.aroundTest(runTest, task))
