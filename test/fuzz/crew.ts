import { Worker } from 'node:worker_threads'

/** The texts of consecutive numbers. */
export interface Batch {
  readonly seed: number
  readonly first: number
  readonly count: number
}

/** Texts per message to a worker: about half a second of work. */
const batchSize = 20_000

/** The functions that receive the answers of the workers. */
export interface Sum<Answer> {
  readonly total: Answer
  readonly add: (answer: Answer) => void
}

/**
 * Tries all texts of a batch, on several cores.
 *
 * @param script the worker's file; it answers each {@link Batch} with what came of it
 * @param sum receives each answer
 * @returns the sum's total
 */
export async function tryAll<Answer>(script: URL, batch: Batch, workers: number, sum: Sum<Answer>): Promise<Answer> {
  const batches = split(batch)
  await Promise.all(Array.from({ length: workers }, () => work(script, batches, sum)))
  return sum.total
}

function* split({ seed, first, count }: Batch): Generator<Batch, void> {
  for (let done = 0; done < count; done += batchSize)
    yield { seed, first: first + done, count: Math.min(batchSize, count - done) }
}

/** One worker, until no batch is left. */
function work<Answer>(script: URL, batches: Generator<Batch, void>, { add }: Sum<Answer>): Promise<void> {
  const worker = new Worker(script)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const next = (): void => {
    const batch = batches.next()
    if (batch.done === true) void worker.terminate().then(() => resolve())
    // A worker has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    else worker.postMessage(batch.value)
  }
  worker.on('error', reject)
  worker.on('message', (answer: Answer) => {
    add(answer)
    next()
  })
  next()
  return promise
}
