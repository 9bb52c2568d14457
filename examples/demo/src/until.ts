import { setTimeout as sleep } from 'node:timers/promises'

const pollMillis = 10

/** Waits for a condition. @returns true if it came true in time */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMillis = 2000): Promise<boolean> {
  const deadline = Date.now() + timeoutMillis
  while (!(await condition())) {
    if (Date.now() > deadline) return false
    await sleep(pollMillis)
  }
  return true
}
