import type pg from 'pg'

/** A call that waits, in a linked list: any of them may give up. */
interface Call {
  previous: Call | undefined
  next: Call | undefined
  readonly askedAt: number
  readonly resolve: (client: pg.PoolClient) => void
  readonly reject: (error: Error) => void
}

type Connect = (done: (error: Error | undefined, client: pg.PoolClient | undefined) => void) => void

const heldKey = Symbol('least.held')

/**
 * The least that a gate before a pool can do: callers are served in order, nobody waits longer than the limit, and the
 * holders of connections are known, each with the time at which it got its connection. No cause of a failed wait, no
 * statistics, no contexts, no events, no judgement of statements or releases. It is the floor for the gate of poolsafe.
 */
export function guardLeast(pool: pg.Pool, waitMillis: number = 10_000): pg.Pool {
  const gate = new LeastGate(pool, waitMillis)
  Object.assign(pool, { connect: () => gate.connect() })
  pool.on('release', (_error, client) => gate.released(client))
  return pool
}

class LeastGate {
  readonly #max: number
  readonly #connect: Connect
  readonly #waitMillis: number
  readonly held = new Set<pg.PoolClient>()
  #first: Call | undefined
  #last: Call | undefined
  #taking = 0
  #timer: NodeJS.Timeout | undefined

  constructor(pool: pg.Pool, waitMillis: number) {
    this.#waitMillis = waitMillis
    this.#max = pool.options.max
    this.#connect = pool.connect.bind(pool) as Connect
  }

  connect(): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      const call: Call = { previous: undefined, next: undefined, askedAt: performance.now(), resolve, reject }
      if (this.#first === undefined && this.#hasRoom) this.#take(call)
      else this.#wait(call)
    })
  }

  released(client: pg.PoolClient): void {
    this.held.delete(client)
    if (this.#first !== undefined) process.nextTick(() => this.#pump())
  }

  get #hasRoom(): boolean {
    return this.#taking + this.held.size < this.#max
  }

  #take(call: Call): void {
    this.#taking++
    this.#connect((error, client) => {
      this.#taking--
      if (client === undefined) return call.reject(error!)
      this.held.add(client)
      ;(client as { [heldKey]?: number })[heldKey] = call.askedAt
      call.resolve(client)
    })
  }

  #wait(call: Call): void {
    call.previous = this.#last
    if (this.#last === undefined) this.#first = call
    else this.#last.next = call
    this.#last = call
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#expire(), this.#waitMillis)
  }

  #pump(): void {
    while (this.#first !== undefined && this.#hasRoom) this.#take(this.#shift())
  }

  #shift(): Call {
    const call = this.#first!
    this.#first = call.next
    if (call.next === undefined) this.#last = undefined
    else call.next.previous = undefined
    return call
  }

  #expire(): void {
    const before = performance.now() - this.#waitMillis
    while (this.#first !== undefined && this.#first.askedAt <= before)
      this.#shift().reject(new Error('no connection in time'))
    this.#timer = undefined
    if (this.#first !== undefined) this.#timer = setTimeout(() => this.#expire(), this.#first.askedAt - before)
  }
}
