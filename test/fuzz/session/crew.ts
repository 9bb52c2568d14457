import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { startPostgres } from '@poolsafe/testing/servers'
import pg from 'pg'
import type { PlayedMode } from './forms.ts'
import { addTally, emptyTally, type Batch, type Tally } from './tally.ts'
import { roles, stage } from './stage.ts'

/** Transactions handed to a worker at once: about a second of work. */
const batchSize = 200

/** Transactions that a worker plays at once, each in a database of its own. */
const lanes = 4

/** A worker that takes longer to close its connections is ended. */
const closeMillis = 10_000

/**
 * Plays all transactions of a batch on a live server of its own, each worker in its own databases.
 *
 * @param progress is called with the number of transactions so far
 */
export async function playAll(batch: Batch, workers: number, progress: (transactions: number) => void): Promise<Tally> {
  // The data need not survive a crash.
  const server = await startPostgres({ settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } })
  try {
    const batches = split(batch)
    const sum = emptyTally()
    const urls = await databases(server.url, workers * lanes)
    await Promise.all(
      Array.from({ length: workers }, (_, index) =>
        work({ urls: urls.slice(index * lanes, (index + 1) * lanes), mode: batch.mode }, batches, (tally) => {
          addTally(sum, tally)
          progress(sum.counts.transactions)
        }),
      ),
    )
    return sum
  } finally {
    await server.stop()
  }
}

async function databases(url: string, count: number): Promise<string[]> {
  await send(url, roles)
  const urls = Array.from(
    { length: count },
    (_, index) => Object.assign(new URL(url), { pathname: `/fuzz${index}` }).href,
  )
  for (const each of urls) {
    await send(url, `CREATE DATABASE ${new URL(each).pathname.slice(1)}`)
    await send(each, stage)
  }
  return urls
}

async function send(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql)
  await client.end()
}

function* split(batch: Batch): Generator<Batch, void> {
  const { first, count } = batch
  for (let done = 0; done < count; done += batchSize)
    yield { ...batch, first: first + done, count: Math.min(batchSize, count - done) }
}

/** The data that a worker gets at its start. */
export interface WorkerData {
  readonly urls: readonly string[]
  readonly mode: PlayedMode
}

/** Runs one worker until no batch is left. */
function work(workerData: WorkerData, batches: Generator<Batch, void>, done: (tally: Tally) => void): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const next = (): void => {
    const batch = batches.next()
    // A worker has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    worker.postMessage(batch.done === true ? 'end' : batch.value)
    if (batch.done === true) void exitOf(worker)
  }
  worker.on('error', reject)
  worker.on('exit', () => resolve())
  worker.on('message', (tally: Tally) => {
    done(tally)
    next()
  })
  next()
  return promise
}

async function exitOf(worker: Worker): Promise<void> {
  const deadline = new AbortController()
  worker.once('exit', () => deadline.abort())
  await sleep(closeMillis, undefined, { signal: deadline.signal }).catch(() => undefined)
  await worker.terminate()
}
