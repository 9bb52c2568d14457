import { setTimeout as sleep } from 'node:timers/promises'
import { startStandby } from '../../support/servers/standby.ts'
import { limits } from '../application/layer.ts'
import { postmasterOf } from '../processes.ts'
import { sharedStandby } from '../servers.ts'
import { faultMillis, frozenMillis, type Fault } from '../stage.ts'

/** Faults between the applications and the server. */
export const wayFaults: readonly Fault[] = [
  {
    name: 'PostgreSQL is restarted: connections end, new ones are refused',
    async cause({ proxy }) {
      await proxy.close()
      await sleep(faultMillis)
      return () => proxy.open()
    },
  },
  {
    name: 'the way goes silent, and connections on it do not come back',
    isInShortRun: true,
    async cause({ proxy }) {
      proxy.silence()
      await sleep(frozenMillis)
      return async () => {
        await proxy.close()
        proxy.speak()
        await proxy.open()
      }
    },
  },
  {
    name: 'the way goes silent, and speaks again',
    async cause({ proxy }) {
      proxy.silence()
      await sleep(frozenMillis)
      return async () => proxy.speak()
    },
  },
  {
    name: 'the way forgets idle connections without a word',
    pose: 'idle',
    unnoticedMillis: limits.statementTimeoutMillis + 2000,
    async cause({ proxy }) {
      proxy.forgetAll()
      return async () => {}
    },
  },
  {
    name: 'connections are reset under way',
    async cause({ proxy }) {
      for (let times = 0; times < 5; times++) {
        proxy.resetAll()
        await sleep(faultMillis / 5)
      }
      return async () => {}
    },
  },
  {
    name: 'failover: the address leads to a standby for a while',
    async cause({ proxy, server }) {
      const standby = await sharedStandby(server)
      await proxy.close()
      proxy.target = standby.port
      await proxy.open()
      await sleep(2 * faultMillis)
      // Connections to the standby stay: the address alone changes.
      return async () => {
        proxy.target = server.port
      }
    },
  },
  {
    name: 'failover: the primary stops, and its standby is promoted later',
    isInShortRun: true,
    hasOwnServer: true,
    async cause(stage) {
      const { proxy, admin, server } = stage
      const standby = await startStandby(server, true)
      stage.successor = standby
      await sleep(faultMillis)
      process.kill(await postmasterOf(admin), 'SIGQUIT')
      await proxy.close()
      proxy.target = standby.port
      await sleep(faultMillis)
      await proxy.open()
      await sleep(2 * faultMillis)
      // Connections to it stay: it takes writes from now on.
      return () => standby.promote()
    },
  },
]
