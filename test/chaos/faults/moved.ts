import { setTimeout as sleep } from 'node:timers/promises'
import { faultMillis, frozenMillis, ofApplications, type Fault, type Stage } from '../stage.ts'

/** How long the way to PostgreSQL breaks again and again. */
const times = 20

/** Checkouts that hold a direct connection, or wait for one, while the way to PostgreSQL itself breaks. */
export const movedFaults: readonly Fault[] = [
  {
    name: 'direct connections are reset, again and again',
    isDirect: true,
    isInShortRun: true,
    cause: ({ proxy }) => again(() => proxy.resetAll()),
  },
  {
    name: 'the server ends the processes of direct connections',
    isDirect: true,
    cause: (stage) => again(() => endDirect(stage)),
  },
  {
    name: 'direct connections are lost while they are cleaned',
    isDirect: true,
    async cause({ proxy }) {
      const cleaned = { times: 0 }
      proxy.cuts = (sent) => sent.includes('DISCARD ALL') && cleaned.times++ % 2 === 0
      for (const end = Date.now() + 20 * faultMillis; cleaned.times < times && Date.now() < end;) await sleep(10)
      return async () => void (proxy.cuts = undefined)
    },
  },
  {
    name: 'the server accepts no direct connections while callers wait for one',
    isDirect: true,
    async cause({ proxy }) {
      await proxy.close()
      await sleep(faultMillis)
      return () => proxy.open()
    },
  },
  {
    name: 'the way of direct connections is silent',
    isDirect: true,
    // The limit of a statement, and that of its answer.
    unnoticedMillis: 3000,
    async cause({ proxy }) {
      proxy.silence()
      await sleep(frozenMillis)
      return async () => proxy.speak()
    },
  },
]

async function again(breaks: () => unknown): Promise<() => Promise<void>> {
  for (let time = 0; time < times; time++) {
    await breaks()
    await sleep(faultMillis / times)
  }
  return async () => {}
}

/** PgBouncer sets its own name for its connections, and the applications another one for theirs. */
async function endDirect({ admin }: Stage): Promise<void> {
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications} AND application_name = 'direct'`,
  )
}
