import type { Clock } from '../measure/clock.ts'
import type { Capacity } from './capacity.ts'
import type { Checkout } from './checkout.ts'
import type { ConnectionSource } from './connection-source.ts'
import type { DeadlockWatch } from './deadlock-watch.ts'
import { surveyHolders } from './diagnosis.ts'
import type { PoolState } from './pool-state.ts'
import { troubleOf, type PoolTrouble } from './pool-trouble.ts'
import type { Queue } from './queue.ts'
import type { ServerRefusal } from './reconnect-pause.ts'
import type { Recorder } from './recorder.ts'
import type { PoolStatistics } from './statistics.ts'

/** The parts of a gate that its readings show. */
interface Read<Connection> {
  readonly clock: Clock
  readonly source: ConnectionSource<Connection>
  readonly capacity: Capacity
  readonly refusal: ServerRefusal
  readonly waiting: Queue<Checkout<Connection>>
  readonly taking: Queue<Checkout<Connection>>
  readonly held: Queue<Checkout<Connection>>
  readonly record: Recorder<Connection>
  readonly deadlocks: DeadlockWatch<Connection>
}

/** Shows the state of a gate and of its pool. It changes nothing. */
export class Readings<Connection> {
  readonly #gate: Read<Connection>

  constructor(gate: Read<Connection>) {
    this.#gate = gate
  }

  /** See `Gate.statistics`. */
  statistics(): PoolStatistics {
    const { source, capacity, record, deadlocks } = this.#gate
    const { max, size, idle } = source
    const { active } = capacity
    return record.statistics({ max, size, idle, active, waiting: this.#waitingNow }, deadlocks.found)
  }

  /** See `Gate.state`. */
  state(): PoolState {
    return this.survey(0, this.#waitingNow)
  }

  /** See `Gate.trouble`. */
  trouble(recentMillis: number): PoolTrouble {
    const { record, deadlocks, held, source, refusal, waiting, clock } = this.#gate
    const parts = { measures: record.measures, deadlocks, held, source, refusal }
    return troubleOf(parts, waiting.first?.askedAt, recentMillis, clock.now())
  }

  /**
   * Returns the state of the pool for a call that fails.
   *
   * @param waiting the number of waiting calls; a call that is refused now has left the queue
   */
  survey(waitedMillis: number, waiting: number = Math.max(this.#waitingNow, 1)): PoolState {
    const { source, capacity, held, clock } = this.#gate
    const { max, size, idle, inHook = 0, inPassword = 0 } = source
    const { active, connecting } = capacity
    const survey = surveyHolders(held, source, clock.now(), waitedMillis)
    return { max, size, idle, active, connecting, inHook, inPassword, waiting, ...survey }
  }

  /** Without a limit of its own, the gate lets every caller in, and the callers wait in the driver. */
  get #waitingNow(): number {
    const { waiting, taking, source } = this.#gate
    return waiting.size + (Number.isFinite(source.max) ? 0 : taking.size)
  }
}
