import { describe, expect, it } from 'vitest'
import { solveErlang } from './erlang.ts'
import { MinHeap } from './heap.ts'
import { seededRandom } from './random.ts'
import { drawFrom, meanOf, type ServiceTime } from './service-time.ts'
import { replayQueue, simulateQueue } from './simulate.ts'

describe('the M/M/c formula', () => {
  it('agrees with the M/M/1 formulas, where P(wait) = ρ and W = ρ / (μ − λ)', () => {
    const answer = solveErlang({ arrivalsPerSecond: 80, meanMillis: 10, servers: 1 })
    expect(answer.waitProbability).toBeCloseTo(0.8, 12)
    expect(answer.meanWaitMillis).toBeCloseTo(40, 9)
    expect(answer.p99WaitMillis).toBeCloseTo(50 * Math.log(80), 9)
  })

  it('agrees with published tables of Erlang C', () => {
    // 10 servers at 8 erlangs: 0.4092 (tables of the Erlang C formula).
    expect(solveErlang({ arrivalsPerSecond: 8, meanMillis: 1000, servers: 10 }).waitProbability).toBeCloseTo(0.4092, 4)
  })

  it('has no bound at full load, and does not overflow with many servers', () => {
    expect(solveErlang({ arrivalsPerSecond: 100, meanMillis: 10, servers: 1 }).p99WaitMillis).toBe(Infinity)
    const { waitProbability } = solveErlang({ arrivalsPerSecond: 9900, meanMillis: 1000, servers: 10_000 })
    expect(waitProbability).toBeGreaterThan(0.1)
    expect(waitProbability).toBeLessThan(0.9)
  })
})

describe('the simulation', () => {
  it.each([
    [1, 0.5],
    [1, 0.8],
    [2, 0.8],
    [4, 0.7],
    [8, 0.85],
    [20, 0.9],
    [50, 0.8],
  ])('agrees with the M/M/c formula for %i connections that are busy for %f of the time', (servers, busy) => {
    const queue = { arrivalsPerSecond: (servers * busy * 1000) / 10, meanMillis: 10, servers }
    const formula = solveErlang(queue)
    const simulated = simulateQueue({ ...queue, service: { meanMillis: 10 }, arrivals: 600_000 })
    expect(simulated.utilisation).toBeCloseTo(busy, 2)
    expect(Math.abs(simulated.waitProbability / formula.waitProbability - 1)).toBeLessThan(0.05)
    expect(Math.abs(simulated.meanWaitMillis / formula.meanWaitMillis - 1)).toBeLessThan(0.08)
    expect(Math.abs(simulated.p99WaitMillis / formula.p99WaitMillis - 1)).toBeLessThan(0.08)
  })

  it('agrees with Pollaczek and Khinchine for fixed service times: half the wait of M/M/1', () => {
    const queue = { arrivalsPerSecond: 80, servers: 1, arrivals: 300_000 }
    const { meanWaitMillis } = simulateQueue({ ...queue, service: { fixedMillis: 10 } })
    expect(Math.abs(meanWaitMillis / 20 - 1)).toBeLessThan(0.05)
  })

  it('slows down every busy connection beyond what the database works for', () => {
    // Four connections on one core are processor sharing: no more throughput than one connection.
    const queue = { arrivalsPerSecond: 80, service: { meanMillis: 10 }, arrivals: 200_000 }
    const shared = simulateQueue({ ...queue, servers: 4, fullSpeed: 1 })
    const free = simulateQueue({ ...queue, servers: 4 })
    expect(shared.utilisation).toBeGreaterThan(2.5 * free.utilisation)
    // M/M/1 with processor sharing has a mean of ρ / (1 − ρ) = 4 jobs; four connections hold some of them.
    expect(shared.meanWaitMillis).toBeGreaterThan(10)
  })

  it('serves a known sequence as a person would', () => {
    const arrivals = [0, 0, 0, 5].map((at) => ({ at, work: 10 }))
    const { meanWaitMillis, maxWaitMillis, waitProbability } = replayQueue(arrivals, { servers: 2 })
    expect({ meanWaitMillis, maxWaitMillis, waitProbability }).toEqual({
      meanWaitMillis: 15 / 4,
      maxWaitMillis: 10,
      waitProbability: 0.5,
    })
  })

  it('gives the same result for the same seed', () => {
    const queue = { arrivalsPerSecond: 80, service: { meanMillis: 10, p99Millis: 60 }, servers: 1, arrivals: 10_000 }
    expect(simulateQueue(queue)).toEqual(simulateQueue(queue))
    expect(simulateQueue({ ...queue, seed: 2 })).not.toEqual(simulateQueue(queue))
  })

  it.each([
    [{ servers: 0 }, /servers must be a whole number/],
    [{ servers: 1.5 }, /servers must be a whole number/],
    [{ arrivalsPerSecond: Number.NaN }, /arrivalsPerSecond must be a number above 0/],
    [{ arrivalsPerSecond: -1 }, /arrivalsPerSecond must be a number above 0/],
    [{ arrivals: 0 }, /arrivals must be a whole number/],
    [{ fullSpeed: 0 }, /fullSpeed must be a number above 0/],
  ])('refuses %j', (wrong, message) => {
    const right = { servers: 1, arrivalsPerSecond: 1, service: { meanMillis: 1 } }
    expect(() => simulateQueue({ ...right, ...wrong })).toThrow(message)
  })
})

describe('service times', () => {
  const histogram = { boundsMillis: [1, 5, 10], counts: [10, 50, 30, 10], sumMillis: 700, maxMillis: 50 }

  it.each<[string, ServiceTime, number]>([
    ['a mean', { meanMillis: 7 }, 7],
    ['a mean and a p99', { meanMillis: 7, p99Millis: 40 }, 7],
    ['a mean and a p99 beyond the log-normal distribution', { meanMillis: 7, p99Millis: 7000 }, 7],
    ['a p99 that is the mean', { meanMillis: 7, p99Millis: 7 }, 7],
    ['a fixed time', { fixedMillis: 7 }, 7],
    ['a histogram', { histogram }, 7],
  ])('%s has its mean', (_, service, mean) => {
    const random = seededRandom(3)
    const draw = drawFrom(service)
    const sample = Array.from({ length: 400_000 }, () => draw(random))
    expect(meanOf(service)).toBe(mean)
    const limit = 'p99Millis' in service && (service.p99Millis ?? 0) > 100 ? 0.35 : 0.02
    expect(Math.abs(sample.reduce((sum, value) => sum + value, 0) / sample.length / mean - 1)).toBeLessThan(limit)
    expect(Math.min(...sample.slice(0, 10_000))).toBeGreaterThanOrEqual(0)
  })

  it('a mean and a p99 have this p99', () => {
    const random = seededRandom(5)
    const draw = drawFrom({ meanMillis: 7, p99Millis: 40 })
    const sample = Float64Array.from({ length: 400_000 }, () => draw(random)).toSorted()
    expect(Math.abs((sample[396_000] as number) / 40 - 1)).toBeLessThan(0.03)
  })
})

it('the heap returns numbers in order', () => {
  const random = seededRandom(1)
  const numbers = Array.from({ length: 1000 }, () => Math.floor(random() * 100))
  const heap = new MinHeap()
  for (const number of numbers) heap.push(number)
  const sorted = numbers.map(() => {
    const { least } = heap
    heap.pop()
    return least
  })
  expect(sorted).toEqual(numbers.toSorted((one, other) => one - other))
  expect(heap.least).toBe(Infinity)
  heap.pop()
  expect(heap.size).toBe(0)
})
