import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again and again until there is an answer.
 *
 * @throws Error that names `what` where there is none in time
 */
export async function until<Answer>(
  what: string,
  limitMillis: number,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
): Promise<Answer> {
  for (const giveUpAt = Date.now() + limitMillis; ; await sleep(100)) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > giveUpAt) throw new Error(`${what}: not in ${limitMillis / 1000} s`)
  }
}
