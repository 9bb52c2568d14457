/** A pooler of the tests that can be started anew behind the same handle. */
export interface Renewable {
  /** Returns the log line of a known crash, or `undefined`. Waits for the log if the pooler no longer accepts connections. */
  crash(): Promise<string | undefined>
  /** Replaces the crashed process. */
  renew(): Promise<void>
}

const running = new Set<Renewable>()
/** Crashes of poolers that were stopped since the current attempt of the test began. */
const ofStopped: string[] = []

export function watch(pooler: Renewable): void {
  running.add(pooler)
}

export async function unwatch(pooler: Renewable): Promise<void> {
  running.delete(pooler)
  const crash = await pooler.crash()
  if (crash !== undefined) ofStopped.push(crash)
}

/** Replaces every pooler that has crashed. */
export async function renewCrashed(): Promise<void> {
  ofStopped.length = 0
  for (const pooler of running) if ((await pooler.crash()) !== undefined) await pooler.renew()
}

/** Returns the crashes since {@link renewCrashed}. */
export async function crashes(): Promise<readonly string[]> {
  const ofRunning = await Promise.all([...running].map((pooler) => pooler.crash()))
  return ofStopped.concat(ofRunning.filter((crash) => crash !== undefined))
}

/**
 * Crashes of PgBouncer 1.18 and 1.19 while a CancelRequest is under way: `server in bad state: 11` and the like
 * (pgbouncer issues 801, 822, 847, 904). Debian 12 has 1.18.
 */
const known = /FATAL @src\/\w+\.c:\d+ in function \w+\(\): .*bad (?:server |client )?state: \d+/
const crashing = /^1\.1[89]\b/

/** Returns the log line of such a crash, or `undefined`. */
export function knownCrash(pooler: { readonly version: string; log(): string }): string | undefined {
  return crashing.test(pooler.version) ? known.exec(pooler.log())?.[0] : undefined
}
