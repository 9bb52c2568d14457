import type { CheckoutOptions } from '@poolsafe/core'
import { type Activity, Gate, resolveLimits, type ConnectionSource, type Handover } from '@poolsafe/core/internal'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../../support/virtual-clock.ts'

/** A pool that answers when the test says so. */
class Source implements ConnectionSource<string> {
  max = 2
  size = 0
  idle = 0
  readonly asked: Handover<string>[] = []
  readonly takenBack: string[] = []

  take(done: Handover<string>): void {
    this.asked.push(done)
  }

  takeBack(connection: string): void {
    this.takenBack.push(connection)
  }

  activityOf(): Activity {
    return 'idle'
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
  readonly time: VirtualClock
  readonly source: Source
  readonly gate: Gate<string>
  readonly told: [name: string, event: object][]
  /** Acquires a connection and collects the answers. */
  ask(): { readonly got: (string | Error)[] }
}

function open(options: CheckoutOptions = {}): Setup {
  const time = new VirtualClock()
  const source = new Source()
  const told: [string, object][] = []
  const tell = (name: string, event: object): void => void told.push([name, event])
  const watcher = {
    mode: 'warn',
    hears: () => true,
    audience: () => ({ isThere: true }),
    tell,
    warn: () => {},
  } as const
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
  return { time, source, gate, told, ask }
}

describe('the trouble of a gate', () => {
  const quiet = {
    longestWaitMillis: 0,
    timedOut: 0,
    queueFull: 0,
    deadlocks: 0,
    leaks: [],
    leaksNow: 0,
    connectFailure: undefined,
  }

  it('is none at first', () => {
    expect(open().gate.trouble(60_000)).toEqual(quiet)
  })

  it('says how long the first waiting caller has waited, and for a minute that calls timed out', () => {
    const { time, source, gate, ask } = open({ acquireTimeoutMillis: 500 })
    source.max = 1
    ask()
    source.give('a')
    ask()
    time.pass(200)
    ask()
    time.pass(200)
    expect(gate.trouble(60_000)).toMatchObject({ longestWaitMillis: 400, timedOut: 0 })
    time.pass(300)
    expect(gate.trouble(60_000)).toMatchObject({ longestWaitMillis: 0, timedOut: 2 })
    time.pass(62_000)
    expect(gate.trouble(60_000)).toMatchObject({ timedOut: 0 })
    expect(gate.statistics()).toMatchObject({ timedOut: 2 })
  })

  it('reports calls that were refused, for a minute', () => {
    const { time, source, gate, ask } = open({ maxWaiting: 0 })
    source.max = 1
    ask()
    ask()
    expect(gate.trouble(60_000)).toMatchObject({ queueFull: 1 })
    time.pass(62_000)
    expect(gate.trouble(60_000)).toMatchObject({ queueFull: 0 })
  })

  it('names leaks while they are out', () => {
    const { time, source, gate } = open({ leakDetectionMillis: 100 })
    const checkout = gate.acquire({ receive() {} }, open)
    source.give('a')
    time.pass(150)
    expect(gate.trouble(60_000)).toMatchObject({ leaksNow: 1, leaks: [{ heldMillis: 150, activity: 'idle' }] })
    gate.giveBack(checkout as never)
    expect(gate.trouble(60_000)).toEqual(quiet)
  })

  it('remembers why connecting failed until it succeeds, whether or not time may mend it', () => {
    const { time, source, gate, ask } = open()
    ask()
    source.refuse('28P01')
    time.pass(70)
    expect(gate.trouble(60_000)).toMatchObject({
      connectFailure: { agoMillis: 70, failure: { kind: 'authentication' } },
    })
    ask()
    source.give('a')
    expect(gate.trouble(60_000)).toEqual(quiet)
  })
})

describe('a gate that opens a connection without a caller', () => {
  it('takes one and gives it back, and counts nothing', async () => {
    const { source, gate, told } = open()
    const opened = gate.open()
    const before = gate.statistics()
    source.give('a')
    await opened
    expect(source.takenBack).toEqual(['a'])
    expect(gate.statistics()).toEqual(before)
    expect(before).toMatchObject({ acquired: 0, lateArrivals: 0, active: 0, waiting: 0 })
    expect(told).toEqual([])
  })

  it('opens none if one is idle, all are checked out, a caller waits, or the pool has ended', () => {
    const { source, gate, ask } = open()
    source.idle = 1
    expect(gate.open()).toBeUndefined()
    source.idle = 0
    source.max = 1
    ask()
    expect(gate.open()).toBeUndefined()
    ask()
    source.max = 5
    expect(gate.open()).toBeUndefined()
    const ended = open().gate
    ended.end(new Error('over'))
    expect(ended.open()).toBeUndefined()
  })

  it('keeps its place while it is being opened', async () => {
    const { source, gate, ask } = open()
    source.max = 1
    const opened = gate.open()
    const call = ask()
    expect(source.asked).toHaveLength(1)
    source.give('a')
    await opened
    // The waiting caller gets the next one.
    source.give('b')
    expect(call.got).toEqual(['b'])
  })

  it('leaves a server alone that refused, as long as callers have to', async () => {
    const { time, source, gate, told } = open({ acquireTimeoutMillis: 500 })
    const refused = gate.open()
    source.refuse()
    await expect(refused).rejects.toThrow('no')
    expect(told).toMatchObject([['connectFailure', { failure: { kind: 'unreachable' }, isRetried: false }]])
    expect(gate.statistics()).toMatchObject({ connectFailures: 1 })
    expect(gate.open()).toBeUndefined()
    time.pass(50)
    const opened = gate.open()
    source.give('a')
    await opened
    expect(gate.trouble(60_000).connectFailure).toBeUndefined()
  })
})
