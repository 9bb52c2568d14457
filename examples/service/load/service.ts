import type { GuardHealth, GuardStatistics } from '@poolsafe/core'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { logFile } from '../src/logger.ts'
import { startChild } from './child.ts'
import { followLog, type Log } from './log.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { until } from './until.ts'

/** The answer of `/health` to operators. */
export type Health = GuardHealth & Pick<GuardStatistics, 'slowQueries' | 'repeatedQueries'>

/** The service as its callers see it, and its log. */
export interface Service {
  /** `127.0.0.1:3000` */
  readonly address: string
  /** For operators: `127.0.0.1:9464`, which has `/health` with details and `/metrics`. */
  readonly admin: string
  readonly log: Log
  health(): Promise<Health>
  /** @returns the status */
  send(method: 'GET' | 'POST', path: string, body?: object): Promise<number>
  /** Its standard error output. */
  said(): string
  /** Ends it if it was started here. */
  stop(): Promise<void>
}

const startMillis = 120_000

/** The one that `npm start` has started. */
export async function findService(address: string, admin: string): Promise<Service> {
  const service = toService({ address, admin }, await followLog(logFile))
  await Promise.all([service.send('GET', '/health'), service.health()]).catch((cause: unknown) => {
    throw new Error(
      `Nothing answers at http://${address}/health or http://${admin}/health: run \`npm start\` first, or \`npm run check\`, which starts a service itself.`,
      { cause },
    )
  })
  return service
}

/** A separate service with its own log, on the ports of `PORT` and `ADMIN_PORT` or else on free ones. */
export async function startService(env: NodeJS.ProcessEnv = {}): Promise<Service> {
  const file = join(temporaryFolder('poolsafe-service-'), 'service.log')
  const main = join(import.meta.dirname, '../src/main.ts')
  const child = startChild(
    process.execPath,
    [...process.execArgv, main],
    {
      ...process.env,
      ...env,
      PORT: process.env.PORT ?? '0',
      ADMIN_PORT: process.env.ADMIN_PORT ?? '0',
      LOG_FILE: file,
    },
    'SIGTERM',
  )
  const log = await followLog(file)
  const addresses = await until('The service', startMillis, async () => {
    const ended = child.ended()
    if (ended !== undefined) throw new Error(`The service ended ${ended}; it says:\n${child.said()}`)
    return addressesIn(await readFile(file, 'utf8').catch(() => ''))
  })
  return { ...toService(addresses, log), said: () => child.said(), stop: () => child.end() }
}

type Addresses = Pick<Service, 'address' | 'admin'>

function addressesIn(log: string): Addresses | undefined {
  const [, address, admin] = /The shop is at http:\/\/([\d.:]+);.* are at http:\/\/([\d.:]+)/.exec(log) ?? []
  return address === undefined || admin === undefined ? undefined : { address, admin }
}

function toService({ address, admin }: Addresses, log: Log): Service {
  return {
    address,
    admin,
    log,
    said: () => '',
    stop: async () => {},
    health: async () => (await (await fetch(`http://${admin}/health`)).json()) as Health,
    async send(method, path, body) {
      const json =
        body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const response = await fetch(`http://${address}${path}`, { method, ...json })
      await response.arrayBuffer()
      return response.status
    },
  }
}
