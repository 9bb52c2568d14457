import autocannon, { type Result } from 'autocannon'
import { setTimeout as sleep } from 'node:timers/promises'

/** The answers to one kind of request. */
export interface Answers {
  readonly sent: number
  /** Answers with another status than 2xx, and requests without an answer. */
  readonly failed: number
  /** The durations of the answers with 2xx, in milliseconds, ascending. */
  readonly millis: readonly number[]
}

/**
 * Sends requests at random moments, as independent users do. autocannon would send all requests of one second at once,
 * and the next one of a connection only after the answer to the last. So there is one autocannon for each request.
 */
export async function fire(url: string, method: 'GET' | 'POST', perSecond: number, seconds: number): Promise<Answers> {
  const shots: Promise<Answers>[] = []
  for (let at = gap(perSecond), begin = performance.now(); at < seconds; at += gap(perSecond)) {
    await sleep(Math.max(begin + 1000 * at - performance.now(), 0))
    shots.push(shoot(url, method))
  }
  const results = await Promise.all(shots)
  return {
    sent: shots.length,
    failed: sum(results.map(({ failed }) => failed)),
    millis: results.flatMap(({ millis }) => millis).toSorted((one, other) => one - other),
  }
}

/** Seconds from one arrival to the next one: exponentially distributed. */
function gap(perSecond: number): number {
  return -Math.log(1 - Math.random()) / perSecond
}

async function shoot(url: string, method: 'GET' | 'POST'): Promise<Answers> {
  const millis: number[] = []
  const { non2xx, errors } = await new Promise<Result>((resolve, reject) => {
    const shot = autocannon({ url, method, connections: 1, amount: 1, timeout: 10 }, (error: Error | null, result) =>
      error === null ? resolve(result) : reject(error),
    )
    shot.on('response', (_client, status, _bytes, took) => {
      if (status >= 200 && status < 300) millis.push(took)
    })
  })
  return { sent: 1, failed: non2xx + errors, millis }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0)
}

/** Returns a quantile of ascending numbers. */
export function quantile(ascending: readonly number[], part: number): number {
  return ascending[Math.min(Math.floor(part * ascending.length), ascending.length - 1)] ?? 0
}
