import { setTimeout as sleep } from 'node:timers/promises'
import { freeze, freezeFamily, postmasterOf } from '../processes.ts'
import { faultMillis, frozenMillis, ofApplications, type Fault, type Stage } from '../stage.ts'

/**
 * Processes that are stopped where they are: the server's, as a hypervisor does, or the application's, as a platform
 * for functions does.
 */
export const frozenFaults: readonly Fault[] = [
  { name: 'the server freezes, connections idle', pose: 'idle', cause: freezeServer },
  { name: 'the server freezes in a statement', pose: 'inStatement', cause: freezeServer },
  { name: 'the server freezes in a transaction', isInShortRun: true, pose: 'inTransaction', cause: freezeServer },
  {
    name: 'the server freezes while connections are made',
    async cause({ admin }) {
      const postmaster = await postmasterOf(admin)
      const thaw = freeze(postmaster)
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications}`)
      await sleep(frozenMillis)
      return async () => thaw()
    },
  },
  {
    name: 'the application is frozen while its idle connections are ended',
    isInShortRun: true,
    pose: 'idle',
    async cause({ applications, admin }) {
      const thaw = freeze(...applications.map(({ pid }) => pid))
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications}`)
      await sleep(frozenMillis)
      return async () => thaw()
    },
  },
  {
    name: 'the application is frozen under way, for longer than its limits',
    async cause({ applications }) {
      const thaw = freeze(...applications.map(({ pid }) => pid))
      await sleep(frozenMillis)
      return async () => thaw()
    },
  },
  {
    name: 'the application is frozen in transactions, which are ended meanwhile',
    pose: 'inTransaction',
    async cause({ applications, admin }) {
      const thaw = freeze(...applications.map(({ pid }) => pid))
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofApplications}`)
      await sleep(frozenMillis)
      return async () => thaw()
    },
  },
  {
    name: 'the application gets a tenth of its processor time',
    async cause({ applications }) {
      for (let times = 0; times < 10; times++) {
        const thaw = freeze(...applications.map(({ pid }) => pid))
        await sleep((faultMillis / 5) * 2)
        thaw()
        await sleep(faultMillis / 25)
      }
      return async () => {}
    },
  },
  {
    name: 'the event loop is blocked for longer than the limits',
    async cause({ applications }) {
      await Promise.all(applications.map((application) => application.ask({ do: 'block', millis: frozenMillis })))
      return async () => {}
    },
  },
]

async function freezeServer({ admin }: Stage): Promise<() => Promise<void>> {
  const thaw = freezeFamily(await postmasterOf(admin))
  await sleep(frozenMillis)
  return async () => thaw()
}
