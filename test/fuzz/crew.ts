import { Worker } from 'node:worker_threads'
import { addTally, emptyTally, type Batch, type Tally } from './tally.ts'

/** Texts handed to a worker at once: about half a second of work. */
const batchSize = 20_000

/**
 * Tries all texts of a batch, on several cores.
 *
 * @param progress hears how many texts have been tried so far
 */
export async function tryAll(batch: Batch, workers: number, progress: (texts: number) => void): Promise<Tally> {
  const batches = split(batch)
  const sum = emptyTally()
  await Promise.all(
    Array.from({ length: workers }, () =>
      work(batches, (tally) => {
        addTally(sum, tally)
        progress(sum.counts.texts)
      }),
    ),
  )
  return sum
}

function* split({ seed, first, count }: Batch): Generator<Batch, void> {
  for (let done = 0; done < count; done += batchSize) yield { seed, first: first + done, count: Math.min(batchSize, count - done) }
}

/** One worker, until no batch is left. */
function work(batches: Generator<Batch, void>, done: (tally: Tally) => void): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const next = (): void => {
    const batch = batches.next()
    if (batch.done === true) void worker.terminate().then(() => resolve())
    // A worker has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    else worker.postMessage(batch.value)
  }
  worker.on('error', reject)
  worker.on('message', (tally: Tally) => {
    done(tally)
    next()
  })
  next()
  return promise
}
