import { parentPort, workerData } from 'node:worker_threads'
import { tallyOf, type Batch } from './tally.ts'
import { Trial } from './trial.ts'

// Nobody reads where an error of a statement was thrown, given thousands of times.
Error.stackTraceLimit = 0

const trial = await Trial.open(workerData as string)

parentPort?.on('message', (batch: Batch | 'end') => {
  // A worker's port has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  if (batch !== 'end') void tallyOf(trial, batch).then((tally) => parentPort?.postMessage(tally))
  else void trial.close().then(() => parentPort?.close())
})
