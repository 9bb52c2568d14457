import { describe, expect, it } from 'vitest'
import type { ConnectionSource } from './connection-source.ts'
import { Gate } from './gate.ts'
import type { Handover } from './checkout.ts'
import type { CheckoutEvents, Watcher } from './events.ts'
import { resolveLimits, type CheckoutOptions } from './limits.ts'
import type { Activity } from './pool-state.ts'

/** A clock that the test moves. */
class Time {
  #now = 0
  #due: { at: number; act: () => void }[] = []

  readonly now = (): number => this.#now

  readonly after = (millis: number, act: () => void): (() => void) => {
    const due = { at: this.#now + millis, act }
    this.#due.push(due)
    return () => (this.#due = this.#due.filter((other) => other !== due))
  }

  pass(millis: number): void {
    const end = this.#now + millis
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#due = this.#due.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.act()
    }
    this.#now = end
  }
}

/** A pool that answers when the test says so. */
class Source implements ConnectionSource<string> {
  max = 2
  size = 0
  idle = 0
  activity: Activity = 'idle'
  readonly asked: Handover<string>[] = []
  readonly takenBack: string[] = []

  take(done: Handover<string>): void {
    this.asked.push(done)
  }

  takeBack(connection: string): void {
    this.takenBack.push(connection)
  }

  activityOf(): Activity {
    return this.activity
  }

  activityMark(): unknown {
    return 0
  }

  give(connection: string): void {
    this.asked.shift()?.(undefined, connection, () => {})
  }

  refuse(code = 'ECONNREFUSED'): void {
    this.asked.shift()?.(Object.assign(new Error('no'), { code }), undefined, () => {})
  }
}

interface Setup {
  readonly time: Time
  readonly source: Source
  readonly gate: Gate<string>
  readonly told: [name: string, event: object][]
  readonly warnings: string[]
  /** Asks for a connection and records what arrives. */
  ask(): { readonly got: (string | Error)[] }
}

function open(options: CheckoutOptions = {}): Setup {
  const time = new Time()
  const source = new Source()
  const told: [string, object][] = []
  const warnings: string[] = []
  const watcher: Watcher = {
    mode: 'warn',
    hears: () => true,
    audience: () => ({ isThere: true }),
    tell: <Name extends keyof CheckoutEvents>(name: Name, event: CheckoutEvents[Name]) => void told.push([name, event]),
    warn: (message) => void warnings.push(message),
  }
  const gate = new Gate(source, resolveLimits('test', options), watcher, { clock: time, random: () => 1 })
  const ask = (): { readonly got: (string | Error)[] } => {
    const got: (string | Error)[] = []
    const answer = gate.acquire(
      { receive: (error, connection) => void got.push(error ?? connection ?? 'nothing') },
      open,
    )
    if (answer instanceof Error) got.push(answer)
    return { got }
  }
  return { time, source, gate, told, warnings, ask }
}

describe('a gate', () => {
  it('gives an idle connection to a call whose time is up while the pool still opens another one', () => {
    const { time, source, gate, ask } = open({ acquireTimeoutMillis: 100 })
    const opening = ask()
    source.idle = 1
    const take = source.take.bind(source)
    source.take = (done) => {
      source.idle = 0
      done(undefined, 'idle', () => {})
    }
    time.pass(100)
    expect(opening.got).toEqual(['idle'])
    source.take = take
    source.give('new')
    expect(source.takenBack).toEqual(['new'])
    expect(gate.statistics()).toMatchObject({ active: 1, timedOut: 0, lateArrivals: 1 })
  })

  it('asks the pool only for what it can give, first come, first served', () => {
    const { source, gate, ask } = open()
    const calls = [ask(), ask(), ask(), ask()]
    expect(source.asked).toHaveLength(2)
    expect(gate.waitingCount).toBe(2)
    source.give('a')
    source.give('b')
    expect(calls.map(({ got }) => got)).toEqual([['a'], ['b'], [], []])
    expect(gate.statistics()).toMatchObject({ active: 2, waiting: 2, acquired: 2 })
  })

  it('fails each caller when it has waited for the limit, and not before', () => {
    const { time, source, ask } = open({ acquireTimeoutMillis: 100 })
    ask()
    ask()
    source.give('a')
    source.give('b')
    const early = ask()
    time.pass(60)
    const late = ask()
    time.pass(39)
    expect(early.got).toEqual([])
    time.pass(1)
    expect(early.got).toMatchObject([{ name: 'AcquireTimeoutError', waitedMillis: 100, waiting: 2, active: 2 }])
    expect(late.got).toEqual([])
    time.pass(60)
    expect(late.got).toMatchObject([{ waitedMillis: 100, waiting: 1 }])
  })

  it('fails a caller whose connection is still being made, and gives that one back', () => {
    const { time, source, ask, gate } = open({ acquireTimeoutMillis: 100 })
    const call = ask()
    time.pass(100)
    expect(call.got).toMatchObject([{ likelyCause: 'slowConnect' }])
    source.give('late')
    expect(source.takenBack).toEqual(['late'])
    expect(gate.statistics()).toMatchObject({ active: 0, lateArrivals: 1, timedOut: 1 })
  })

  it('asks a server that refuses with one caller at a time, after longer and longer pauses', () => {
    const { time, source, ask } = open({ acquireTimeoutMillis: 10_000 })
    const calls = [ask(), ask(), ask()]
    source.refuse()
    source.refuse()
    const pauses: number[] = []
    for (let waited = 0; pauses.length < 6; waited++) {
      time.pass(1)
      if (source.asked.length === 0) continue
      expect(source.asked).toHaveLength(1)
      pauses.push(waited + 1)
      source.refuse()
      waited = -1
    }
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1000])
    time.pass(1000)
    source.give('a')
    // The server answers, so the gate lets every caller in that has room.
    expect(source.asked).toHaveLength(1)
    expect(calls.map(({ got }) => got)).toEqual([['a'], [], []])
  })

  it('gives callers what is idle while the server refuses new connections', () => {
    const { source, gate, ask } = open()
    const [first, second] = [ask(), ask()]
    source.give('a')
    source.refuse()
    const held = gate.statistics().active
    source.size = 1
    source.idle = 1
    gate.pump()
    expect([held, first.got, second.got, source.asked.length]).toEqual([1, ['a'], [], 1])
    source.give('b')
    expect(second.got).toEqual(['b'])
  })

  it('tells why the server refused when the time is over', () => {
    const { time, source, ask, told } = open({ acquireTimeoutMillis: 40 })
    const call = ask()
    source.refuse('53300')
    time.pass(40)
    expect(call.got).toMatchObject([{ likelyCause: 'serverRefuses', cause: { code: '53300' } }])
    expect(String(call.got[0])).toContain('fewer connections in each process')
    expect(told.map(([name]) => name)).toEqual(['connectFailure', 'timeout'])
  })

  it('passes on at once what waiting does not help, and whatever comes without a limit', () => {
    const bounded = open()
    const wrong = bounded.ask()
    bounded.source.refuse('28P01')
    expect(wrong.got).toMatchObject([{ code: '28P01' }])
    const unbounded = open({ acquireTimeoutMillis: Infinity })
    const refused = unbounded.ask()
    unbounded.source.refuse()
    expect(refused.got).toMatchObject([{ code: 'ECONNREFUSED' }])
  })

  it.each(['ECONNREFUSED', 'ECONNRESET'])(
    'passes %s on at once where no server has ever answered, to each call in turn',
    (code) => {
      const { time, source, gate, ask, told } = open()
      source.max = 1
      const calls = [ask(), ask(), ask()]
      for (const call of calls) {
        source.refuse(code)
        expect(call.got).toMatchObject([{ code }])
      }
      expect(time.now()).toBe(0)
      expect(told).toMatchObject(calls.map(() => ['connectFailure', { isRetried: false }]))
      expect(gate.trouble(60_000).connectFailure).toMatchObject({ agoMillis: 0 })
    },
  )

  it.each([
    ['gave a connection', (source: Source): void => source.give('a')],
    ['refused in its own words', (source: Source): void => source.refuse('57P03')],
  ])('waits for a server that %s before', (_what, answer) => {
    const { time, source, ask } = open()
    ask()
    answer(source)
    time.pass(1000)
    const call = ask()
    while (source.asked.length > 0) source.refuse()
    expect(call.got).toEqual([])
    time.pass(1000)
    while (source.asked.length > 0) source.give('b')
    expect(call.got).toEqual(['b'])
  })

  it('waits for a server that has never answered where it was told when to give up', () => {
    for (const options of [{ acquireTimeoutMillis: 10_000 }, { failFast: 'never' }] as const) {
      const { time, source, ask } = open(options)
      const call = ask()
      source.refuse()
      time.pass(50)
      source.give('a')
      expect(call.got).toEqual(['a'])
    }
  })

  it('reports a long checkout once, and again when it comes back', () => {
    const { time, source, gate, told, warnings } = open({ leakDetectionMillis: 100 })
    const checkout = gate.acquire({ receive() {} }, open)
    source.give('a')
    time.pass(500)
    if (!(checkout instanceof Error)) gate.giveBack(checkout)
    expect(told.map(([name]) => name)).toEqual(['acquire', 'leak', 'leakEnd', 'release'])
    expect(told[1]?.[1]).toMatchObject({ kind: 'held', heldMillis: 100, activity: 'idle' })
    expect(told[2]?.[1]).toMatchObject({ heldMillis: 500 })
    expect(warnings.map((warning) => warning.split('\n')[0])).toEqual([
      'a connection has been out for 100 ms, longer than leakDetectionMillis',
      expect.stringContaining('a connection came back after 500 ms'),
    ])
  })
})

describe('the likely cause', () => {
  it.each([
    ['leak', 'idle'],
    ['longTransaction', 'idleInTransaction'],
    ['longStatement', 'running'],
  ] as const)('is %s where connections are out throughout and %s', (cause, activity) => {
    const { time, source, ask } = open({ acquireTimeoutMillis: 100 })
    source.activity = activity
    ask()
    ask()
    source.give('a')
    source.give('b')
    const call = ask()
    time.pass(100)
    expect(call.got).toMatchObject([{ likelyCause: cause, holders: [{ activity }, { activity }] }])
  })

  it('is poolTooSmall where connections come and go', () => {
    const { time, source, gate, ask } = open({ acquireTimeoutMillis: 100 })
    source.max = 1
    let first = gate.acquire({ receive() {} }, open)
    source.give('a')
    const turns = [ask(), ask()]
    const last = ask()
    time.pass(60)
    for (const turn of turns.slice(0, 1)) {
      if (!(first instanceof Error)) gate.giveBack(first)
      gate.pump()
      source.give('a')
      expect(turn.got).toEqual(['a'])
      first = new Error('over')
    }
    time.pass(40)
    expect(last.got).toMatchObject([{ likelyCause: 'poolTooSmall' }])
  })
})
