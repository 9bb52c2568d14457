import { describe, expect, it } from 'vitest'
import { seededRandom } from '../queue/random.ts'
import { sizeClasses } from './classes.ts'
import { planSize } from './plan.ts'

describe('planSize()', () => {
  it('has a row for each class, Small to Enterprise, that works', () => {
    const rows = sizeClasses.map(({ class: name, options }) => {
      const plan = planSize(options)
      expect({ name, class: plan.class, problems: plan.problems }).toEqual({ name, class: name, problems: [] })
      return [name, plan.pool, plan.poolSize, plan.maxClients, plan.totalConnections, plan.maxConnections]
    })
    expect(rows).toEqual([
      ['Small', 2, 0, 0, 6, 100],
      ['Medium', 2, 8, 24, 8, 100],
      ['Large', 2, 16, 120, 32, 100],
      ['Enterprise', 2, 32, 500, 128, 136],
    ])
  })

  it('follows 2 × cores + disks, Little’s law and square-root staffing', () => {
    const plan = planSize({
      cores: 8,
      disks: 1,
      processes: 1,
      requestsPerSecond: 200,
      statementsPerRequest: 4,
      meanMillis: 5,
    })
    expect(plan).toMatchObject({ busy: 4, worthHaving: 17, pool: 8 })
    expect(planSize({ cores: 8, disks: 1, workShare: 0.5 }).worthHaving).toBe(34)
  })

  it('holds the floor against a deadlock: T × (C − 1) + 1', () => {
    const options = { processes: 1, requestsPerSecond: 200, statementsPerRequest: 4, meanMillis: 5 }
    expect(planSize({ ...options, connectionsAtOnce: 3 }).pool).toBe(8 * 2 + 1)
  })

  it('says which of cores and max_connections decides default_pool_size', () => {
    const decides = (maxConnections: number): string =>
      planSize({ cores: 16, poolers: 2, maxConnections }).figures.find(({ name }) => name === 'default_pool_size')
        ?.formula ?? ''
    expect(decides(100)).toContain('the cores decide')
    expect(decides(28)).toContain('max(1, min(16 by cores, 10 by max_connections)), max_connections decides')
  })

  it.each([
    [
      'replicas × pool beyond max_connections',
      { processes: 40, maxConnections: 40 },
      /50 connections are opened at most/,
    ],
    ['a pool cut short', { processes: 20, maxConnections: 40 }, /a process needs 2 connections, and gets 1/],
    [
      'a load beyond the cores',
      { cores: 1, requestsPerSecond: 1000 },
      /keeps 25 connections busy, and the database works for 2/,
    ],
    [
      'more connections than PostgreSQL accepts',
      { cores: 64, poolers: 270_000, pairs: 30 },
      /max_connections would be 270\d+, and PostgreSQL accepts at most 262143/,
    ],
    ['poolers that multiply', { cores: 2, poolers: 8 }, /8 poolers for 1 pair of database and user open 8 connections/],
    [
      'requests that hold two connections behind a pooler',
      { requestsPerSecond: 300, poolers: 1, connectionsAtOnce: 2 },
      /13 requests at once may hold all 8 server connections of a pool/,
    ],
    ['work_mem beyond the memory', { workMemBytes: 2 ** 30, ramBytes: 2 ** 33 }, /90 % of the memory are 7.2 GiB/],
  ])('reports %s', (_, options, problem) => {
    const { problems } = planSize(options)
    expect(problems.map(({ what }) => what).join('\n')).toMatch(problem)
  })

  it.each([
    ['as many as the cores work for', { cores: 8, poolers: 2, pairs: 200 }, { poolSize: 2, poolerTotal: 8 }],
    ['as many as the server has', { cores: 64, poolers: 1, pairs: 200, maxConnections: 60 }, { poolerTotal: 52 }],
    ['one for each pooler', { cores: 2, poolers: 4, pairs: 50 }, { poolSize: 1, poolerTotal: 1 }],
    ['instead of one for each', { cores: 4, poolers: 1, pairs: 8 }, { poolSize: 2, poolerTotal: 8 }],
    ['no fewer than a busy pair needs', { cores: 16, poolers: 1, pairs: 40, requestsPerSecond: 900 }, { poolSize: 3 }],
  ])('lets many pairs share the connections of a pooler: %s', (_, options, numbers) => {
    const plan = planSize(options)
    expect(plan).toMatchObject({ ...numbers, problems: [], totalConnections: plan.poolerTotal * options.poolers })
    const ini = plan.snippets.find(({ title }) => title === 'pgbouncer.ini')?.text
    expect(ini).toContain(`max_db_connections = ${plan.poolerTotal}\nmax_user_connections = ${plan.poolerTotal}\n`)
  })

  it('lists what breaks first, the nearest limit first', () => {
    const limits = planSize({ processes: 30, maxConnections: 100 }).limits
    expect(limits[0]).toMatchObject({ what: 'max_connections', at: 46, unit: 'processes' })
    expect(limits.map(({ factor }) => factor)).toEqual(limits.map(({ factor }) => factor).toSorted((a, b) => a - b))
  })

  it('keeps every wait shorter than the wait around it', () => {
    for (const requestTimeoutMillis of [6000, 10_000, 30_000, 120_000]) {
      const plan = planSize({ requestTimeoutMillis, poolers: 1 })
      const sum = plan.acquireTimeoutMillis + plan.queryWaitMillis + plan.statementTimeoutMillis
      expect(sum).toBeLessThan(requestTimeoutMillis)
    }
  })

  it('gives whole and finite numbers that fit, or a problem, for any input', () => {
    const random = seededRandom(7)
    const pick = (most: number): number => 1 + Math.floor(random() ** 3 * most)
    for (let round = 0; round < 3000; round++) {
      const options = {
        cores: pick(128),
        disks: pick(8) - 1,
        processes: pick(1000),
        requestsPerSecond: pick(50_000),
        statementsPerRequest: pick(20),
        meanMillis: pick(200),
        connectionsAtOnce: pick(3),
        maxConnections: pick(5000),
        poolers: pick(9) - 1,
        pairs: pick(20),
        otherConnections: pick(10),
      }
      const plan = planSize(options)
      const numbers = [plan.pool, plan.poolSize, plan.maxClients, plan.totalConnections, plan.maxConnections]
      expect(
        numbers.every((number) => Number.isSafeInteger(number) && number >= 0),
        JSON.stringify(options),
      ).toBe(true)
      expect(
        plan.figures.every(({ value, formula }) => Number.isFinite(value) && !/NaN|undefined|Infinity/.test(formula)),
      ).toBe(true)
      const isOver = plan.totalConnections > options.maxConnections - 3 - options.otherConnections
      if (isOver) expect(plan.problems.length, JSON.stringify(options)).toBeGreaterThan(0)
    }
  })

  it.each([
    [{ cores: 0 }, 'cores must be a whole number of at least 1; got 0'],
    [{ cores: 1.5 }, 'cores must be a whole number'],
    [{ processes: Number.NaN }, 'processes must be a whole number'],
    [{ requestsPerSecond: -1 }, 'requestsPerSecond must be a number above 0'],
    [{ requestsPerSecond: Infinity }, 'requestsPerSecond must be a number above 0'],
    [{ meanMillis: 10, p99Millis: 5 }, 'p99Millis must be a number of at least meanMillis (10)'],
    [{ workShare: 2 }, 'workShare must be a number above 0 and of at most 1'],
    [{ poolers: -1 }, 'poolers must be a whole number of at least 0'],
    [{ core: 4 }, "did you mean 'cores'?"],
    [{ holdsPerRequest: 1 }, 'holdsPerRequest must be true or false'],
  ])('refuses %j', (options, message) => {
    expect(() => planSize(options as object)).toThrow(message)
  })
})
