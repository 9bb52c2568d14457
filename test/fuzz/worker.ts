import { parentPort } from 'node:worker_threads'
import type { Batch } from './crew.ts'
import { tallyOf } from './tally.ts'

// A syntax error is an answer here, given millions of times. Its stack is not read.
Error.stackTraceLimit = 0

// A worker's port has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort?.on('message', (batch: Batch) => parentPort?.postMessage(tallyOf(batch)))
