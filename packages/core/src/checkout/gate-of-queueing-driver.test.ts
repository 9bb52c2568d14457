import { expect, it } from 'vitest'
import type { ConnectionSource } from './connection-source.ts'
import { QueueFullError } from './errors.ts'
import { Gate } from './gate.ts'
import { resolveLimits } from './limits.ts'

/** A driver that queues its callers itself. */
class QueueingSource implements ConnectionSource<string> {
  readonly max = 1
  readonly size = 0
  readonly idle = 0
  mustWait = false

  take(done: Parameters<ConnectionSource<string>['take']>[0]): void {
    this.mustWait = true
    done(undefined, 'a', () => {})
  }
  takeBack(): void {}
  activityOf(): 'idle' {
    return 'idle'
  }
  activityMark(): unknown {
    return 0
  }
}

interface Asked {
  readonly got: unknown
  readonly answer: ReturnType<Gate<string>['acquire']>
}

function open(maxWaiting = Infinity): {
  gate: Gate<string>
  ask: (mustWait: boolean) => Asked
} {
  const source = new QueueingSource()
  const watcher = {
    mode: 'warn',
    hears: () => false,
    audience: () => ({ isThere: false }),
    tell() {},
    warn() {},
  } as const
  const gate = new Gate(source, resolveLimits('test', { maxWaiting }), watcher)
  const ask = (mustWait: boolean): Asked => {
    source.mustWait = mustWait
    const call: { got: unknown } = { got: undefined }
    const answer = gate.acquire({ receive: (error, connection) => void (call.got = error ?? connection) }, open)
    source.mustWait = true
    return Object.assign(call, { answer })
  }
  return { gate, ask }
}

it('lets a driver that queues its callers decide who is next', () => {
  const { gate, ask } = open()
  const [first, second, third] = [ask(false), ask(true), ask(true)]
  expect(gate.statistics()).toMatchObject({ active: 1, waiting: 2, acquired: 1 })
  if (first.answer instanceof Error || second.answer instanceof Error || third.answer instanceof Error)
    throw first.answer
  gate.giveBack(first.answer)
  gate.pump()
  expect(gate.waitingCount).toBe(2)
  expect(gate.arrived(third.answer, 'b', () => {})).toBe(true)
  expect([second.got, third.got]).toEqual([undefined, 'b'])
  expect(ask(false).answer).not.toBeInstanceOf(Error)
  gate.abort(second.answer, new Error('given up'))
  expect(gate.arrived(second.answer, 'c', () => {})).toBe(false)
  expect(gate.statistics()).toMatchObject({ active: 2, waiting: 0, aborted: 1 })
})

it('counts only calls that wait against maxWaiting', () => {
  const { ask } = open(0)
  expect(ask(false).answer).not.toBeInstanceOf(Error)
  expect(ask(true).answer).toBeInstanceOf(QueueFullError)
})
