import { setTimeout as sleep } from 'node:timers/promises'

const pauseMillis = 500
const steadyBytes = 1e6
const steadyPauses = 4

/**
 * The bytes of the process once nothing but what it holds is left. `last-resort` also gives free pages back to the
 * system. V8 may still optimise WebAssembly in the background.
 */
export async function settledRss(): Promise<number> {
  let steady = 0
  let last = rss()
  while (steady < steadyPauses) {
    await sleep(pauseMillis)
    const now = rss()
    steady = Math.abs(now - last) < steadyBytes ? steady + 1 : 0
    last = now
  }
  return last
}

function rss(): number {
  global.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return process.memoryUsage().rss
}
