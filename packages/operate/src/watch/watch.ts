import { channel } from 'node:diagnostics_channel'
import { messageOf } from '../ask/ask.ts'
import { BackOff } from './back-off.ts'
import { WatchRefusedError } from './errors.ts'
import { closedLine, stuckLine, type WatchEvent } from './events.ts'
import { closeQuietly, openSideWithin } from './open-side.ts'
import { resolveWatch, type ResolvedWatch, type WatchOptions } from './options.ts'
import { Rest } from './rest.ts'
import type { Side } from './side.ts'
import type { Act, Use } from './connections.ts'
import { WatchCounts, type WatchStatistics } from './statistics.ts'
import { within } from './within.ts'

/** A running watch. */
export interface ConnectionWatch extends AsyncDisposable {
  /** Looks now, and closes what the next look would close. Call it when a login fails with 53300, too many clients. */
  check(): Promise<void>
  stats(): WatchStatistics
  /** Ends the watch and closes its connections. A statement that is under way ends first. */
  stop(): Promise<void>
  /** Ends when the watch ends: after `stop()` or its signal. Rejects with a {@link WatchRefusedError} if it must give up. */
  readonly ended: Promise<void>
}

/** How long one look may take, in milliseconds. */
const answerMillis = 15_000

const events = channel('poolsafe:watch')

/**
 * Watches how many connections of PostgreSQL are used. If they are too many, it closes those of your application that
 * have been idle for long, the longest first, and no more than needed.
 *
 * Everything that happens is passed to `onEvent` and published on `node:diagnostics_channel` as `poolsafe:watch`.
 *
 * @returns when the first connection is open. If the server has no free connection, the watch keeps trying
 * @throws InvalidOptionError
 * @throws WatchRefusedError if the connection goes through a pooler, or a named role may not be touched
 * @throws the driver's error if it cannot connect
 */
export async function watchConnections(options: WatchOptions): Promise<ConnectionWatch> {
  const watch = new Watch(resolveWatch(options))
  await watch.start()
  return watch
}

class Watch implements ConnectionWatch {
  readonly #options: ResolvedWatch
  #hasWarned = false
  readonly #counts: WatchCounts
  readonly #acting: BackOff
  readonly #connecting: BackOff
  readonly #rest: Rest
  #side: Side | undefined
  #lookAt = 0
  #skippedInARow = 0
  #ended: Promise<void> = Promise.resolve()
  /** Connections that a dry run has reported already. */
  #reported: ReadonlySet<string> = new Set()

  constructor(options: ResolvedWatch) {
    const { intervalMillis, applications, signal } = options
    this.#options = options
    this.#counts = new WatchCounts(applications)
    this.#acting = new BackOff(intervalMillis)
    this.#connecting = new BackOff(intervalMillis)
    this.#rest = new Rest(signal)
  }

  async start(): Promise<void> {
    try {
      await this.#open()
    } catch (error) {
      if (!isFull(error)) throw error
      this.#loseSide(error)
    }
    this.#ended = this.#run()
    this.#ended.catch(() => {})
  }

  get ended(): Promise<void> {
    return this.#ended
  }

  stats(): WatchStatistics {
    return this.#counts.read()
  }

  async check(): Promise<void> {
    this.#lookAt = 0
    await this.#rest.interrupt()
  }

  async stop(): Promise<void> {
    this.#rest.end()
    await this.#ended.catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #run(): Promise<void> {
    try {
      while (!this.#rest.isOver) {
        const now = performance.now()
        await this.#turn(now)
        await this.#rest.sleep(this.#nextIn(performance.now()))
      }
    } finally {
      this.#rest.end()
      this.#counts.isConnected = false
      await closeQuietly(this.#side)
    }
  }

  #nextIn(now: number): number {
    if (this.#side === undefined) return Math.max(this.#connecting.waitAt(now), 1)
    return Math.max(Math.min(this.#lookAt - now, this.#options.alarmMillis), 1)
  }

  async #turn(now: number): Promise<void> {
    try {
      if (this.#side === undefined && this.#connecting.waitAt(now) > 0) return
      const side = this.#side ?? (await this.#open())
      const isDue = now >= this.#lookAt
      if (isDue) this.#lookAt = now + this.#options.intervalMillis
      await within(answerMillis, this.#look(side, isDue))
    } catch (error) {
      if (error instanceof WatchRefusedError) throw error
      this.#loseSide(error)
    }
  }

  async #open(): Promise<Side> {
    const side = await openSideWithin(answerMillis, this.#options)
    const isAgain = this.#counts.lost > 0
    this.#side = side
    this.#counts.isConnected = true
    this.#connecting.reset()
    this.#emit({ kind: 'started', message: `${isAgain ? 'watching again' : 'watching'} ${side.about}` })
    for (const message of side.limits) this.#emit({ kind: 'limited', message })
    return side
  }

  #loseSide(error: unknown): void {
    const pause = this.#connecting.failedAt(performance.now())
    void closeQuietly(this.#side)
    this.#side = undefined
    this.#counts.isConnected = false
    this.#counts.lost++
    const again = `next try in ${Math.ceil(pause / 1000)} s`
    this.#emit({ kind: 'lost', message: `no answer from the server (${again}): ${messageOf(error)}` })
  }

  async #look(side: Side, isDue: boolean): Promise<void> {
    if (isDue) await side.observe()
    const use = await side.use()
    this.#note(use)
    this.#counts.looks++
    const now = performance.now()
    if (use.used <= this.#mostOf(use)) return this.#acting.reset()
    if ((isDue || use.used >= use.slots) && this.#acting.waitAt(now) === 0) this.#tell(await side.act())
  }

  #note({ used, slots }: Use): void {
    this.#counts.used = used
    this.#counts.slots = slots
  }

  #mostOf({ slots }: Use): number {
    return Math.floor(slots * this.#options.aboveShare)
  }

  #tell(act: Act): void {
    if (!act.isMine) return this.#skip()
    this.#skippedInARow = 0
    this.#tellClosed(act)
    const { closed, groups, remaining, slots } = act
    const use = { used: act.used - closed.length + remaining, slots }
    if (this.#options.apply) this.#note(use)
    const most = this.#mostOf(use)
    if (use.used <= most) return this.#acting.reset()
    this.#counts.stuck++
    const againMillis = this.#acting.failedAt(performance.now())
    this.#emit({ kind: 'stuck', message: stuckLine(use, most, groups, againMillis), ...use, groups, againMillis })
  }

  /** Replicas take turns each second while the server is full, so only the first of a row is reported, and each minute one. */
  #skip(): void {
    this.#counts.skipped++
    if (this.#skippedInARow++ % 60 > 0) return
    const message = 'another session holds the lock of the watch: another watch of this database is closing connections'
    this.#emit({ kind: 'skipped', message })
  }

  #tellClosed({ closed, used, slots }: Act): void {
    const { apply } = this.#options
    const key = ({ pid, application }: Act['closed'][number]): string => `${pid} ${application}`
    for (const connection of closed) {
      if (apply) this.#counts.closed.set(connection.pattern, (this.#counts.closed.get(connection.pattern) ?? 0) + 1)
      else if (this.#reported.has(key(connection))) continue
      const message = closedLine(connection, { used, slots }, this.#mostOf({ used, slots }), apply)
      this.#emit({ kind: apply ? 'closed' : 'wouldClose', message, connection, used, slots })
    }
    if (!apply) this.#reported = new Set(closed.map(key))
  }

  #emit(event: WatchEvent): void {
    void this.#pass(event)
    if (events.hasSubscribers) events.publish(event)
  }

  /** Calls the listener, whose error must end neither the watch nor the process. The first one is a warning. */
  async #pass(event: WatchEvent): Promise<void> {
    try {
      await this.#options.onEvent?.(event)
    } catch (error) {
      if (!this.#hasWarned) warn(error)
      this.#hasWarned = true
    }
  }
}

function warn(error: unknown): void {
  const text = error instanceof Error ? error.message : 'no error was thrown, but another value'
  process.emitWarning(`onEvent of watchConnections() failed: ${text}`, 'PoolsafeWarning')
}

/** The server has no free connection; any driver passes its code on. */
function isFull(error: unknown): boolean {
  for (let next = error; typeof next === 'object' && next !== null; next = (next as { cause?: unknown }).cause)
    if ((next as { code?: unknown }).code === '53300') return true
  return false
}
