import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerData } from './crew.ts'
import { tallyOf, type Batch } from './tally.ts'
import { Trial } from './trial.ts'

// Thousands of statements fail, and the stacks of their errors are not used.
Error.stackTraceLimit = 0

/** Transactions that are under way at once: while one waits for the server, another one is played. */
const { urls, mode } = workerData as WorkerData
const trials = await Promise.all(urls.map((url) => Trial.open(url, mode)))

parentPort?.on('message', (batch: Batch | 'end') => {
  // A worker's port has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  if (batch !== 'end') void tallyOf(trials, batch).then((tally) => parentPort?.postMessage(tally))
  else void Promise.all(trials.map((trial) => trial.close())).then(() => parentPort?.close())
})
