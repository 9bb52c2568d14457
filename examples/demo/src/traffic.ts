import pg from 'pg'
import type { Stage } from './stage.ts'

const clients = 4

/**
 * Plays the rest of the application while `act` runs: clients with short transactions through the same pooler. They
 * keep no state and read none; what they do is take server connections and give them back.
 */
export async function withTraffic<Result>(stage: Stage, act: () => Promise<Result>): Promise<Result> {
  const end = new AbortController()
  const pool = new pg.Pool({ connectionString: stage.pooledUrl, max: clients })
  const work = Array.from({ length: clients }, async () => {
    const client = await pool.connect()
    try {
      while (!end.signal.aborted) await client.query('BEGIN; SELECT pg_sleep(0.001); COMMIT')
    } finally {
      client.release()
    }
  })
  try {
    return await act()
  } finally {
    end.abort()
    await Promise.all(work)
    await pool.end()
  }
}

/** Does something `times` times, a few at once, as requests come in. @returns what each gave, in order */
export async function repeat<Result>(
  times: number,
  act: (index: number) => Promise<Result>,
  atOnce = 8,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < times; index = next++) results[index] = await act(index)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return results
}

/** Repeats an act that shows nothing, at most `attempts` times, because clients meet only by timing. */
export async function untilSeen<Result>(
  attempts: number,
  act: () => Promise<Result>,
  isSeen: (result: Result) => boolean,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const result = await act()
    if (isSeen(result) || attempt === attempts) return result
  }
}
