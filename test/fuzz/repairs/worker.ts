import { parentPort } from 'node:worker_threads'
import type { Batch } from '../crew.ts'
import { repairTally } from './try-repairs.ts'

// Syntax errors are ordinary answers here, and their stacks are not read.
Error.stackTraceLimit = 0

parentPort?.on('message', ({ seed, first, count }: Batch) => {
  // A worker's port has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(repairTally(seed, first, count))
})
