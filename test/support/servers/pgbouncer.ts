import { startPgBouncer as startProcess, type PgBouncerOptions, type PgBouncerServer } from '@poolsafe/testing/servers'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { knownCrash, unwatch, watch, type Renewable } from './pooler-crashes.ts'

/** How long a process that no longer accepts connections may take to write its log, in milliseconds. */
const logMillis = 10_000
const pollMillis = 10
/** A process that does not answer for so long, in milliseconds, is frozen, and has not crashed. */
const frozenMillis = 5_000

/**
 * Starts a PgBouncer that tests may send CancelRequests to: if one makes PgBouncer 1.18 crash, the test runs again
 * (`test/setup/pooler-crashes.ts`), and the same handle leads to a new process with another port and URL.
 *
 * @param onStart runs for each process, for clients that outlive a test
 */
export async function startPgBouncer(
  options: PgBouncerOptions,
  onStart: (pooler: PgBouncerServer) => Promise<void> = async () => {},
): Promise<PgBouncerServer> {
  const first = await startProcess(options)
  const pooler = new RenewablePgBouncer(first, () => startProcess(options), onStart)
  await onStart(pooler)
  watch(pooler)
  return pooler
}

class RenewablePgBouncer implements PgBouncerServer, Renewable {
  #process: PgBouncerServer
  readonly #start: () => Promise<PgBouncerServer>
  readonly #onStart: (pooler: PgBouncerServer) => Promise<void>

  constructor(
    process: PgBouncerServer,
    start: () => Promise<PgBouncerServer>,
    onStart: (pooler: PgBouncerServer) => Promise<void>,
  ) {
    this.#process = process
    this.#start = start
    this.#onStart = onStart
  }

  get host(): string {
    return this.#process.host
  }
  get port(): number {
    return this.#process.port
  }
  get version(): string {
    return this.#process.version
  }
  get url(): string {
    return this.#process.url
  }
  get adminUrl(): string {
    return this.#process.adminUrl
  }
  get source(): PgBouncerServer['source'] {
    return this.#process.source
  }
  urlFor(user: string, password: string): string {
    return this.#process.urlFor(user, password)
  }
  log(): string {
    return this.#process.log()
  }

  /** A process that has crashed closes its sockets before its last log line arrives here. */
  async crash(): Promise<string | undefined> {
    if (!(await isClosed(this.#process))) return undefined
    for (const deadline = Date.now() + logMillis; Date.now() < deadline; await sleep(pollMillis)) {
      const crash = knownCrash(this.#process)
      if (crash !== undefined) return crash
    }
    return undefined
  }

  async renew(): Promise<void> {
    await this.#process.stop()
    this.#process = await this.#start()
    await this.#onStart(this)
  }

  async stop(): Promise<void> {
    await unwatch(this)
    await this.#process.stop()
  }
}

/** The request for TLS. Every PostgreSQL and every pooler answers it with one byte. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** Returns true if the process has ended. The kernel may still accept connections for it while it ends. */
function isClosed({ host, port }: PgBouncerServer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host).setTimeout(frozenMillis)
    const answer = (isIt: boolean): void => {
      resolve(isIt)
      socket.destroy()
    }
    socket.once('data', () => answer(false)).once('timeout', () => answer(false))
    socket.once('error', () => answer(true)).once('close', () => answer(true))
    socket.write(sslRequest)
  })
}
