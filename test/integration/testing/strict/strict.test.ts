import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFixtures, runProgram, type Finished } from './run-fixtures.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

// Strict mode as a team uses it: Vitest in a separate process, with the tests of an application that does not know it.

const unsafe = /^StrictModeError: this test sent a statement that is unsafe[^]*session\/set/

/** The line of the application that sends SET. */
const lines = readFileSync(join(import.meta.dirname, 'fixtures/application.ts'), 'utf8').split('\n')
const place = `application.ts:${lines.findIndex((line) => line.includes('SET search_path')) + 1}:`

const statuses = {
  'is safe': 'passed',
  'keeps the error to itself': 'failed',
  'lets the error through': 'failed',
  'expects the error': 'failed',
  'is called back on a connection that an earlier test opened': 'failed',
  'fails for a reason of its own': 'failed',
  'is known to be unsafe': 'passed',
  'is wrongly known to be unsafe': 'failed',
  'is unsafe in its first attempt alone': 'failed',
  'at the same time sends SET': 'failed',
  'at the same time sends nothing unsafe': 'passed',
  'at the same time sends LISTEN': 'failed',
  'sends what it allows': 'passed',
  'sends what the file allows': 'passed',
  'has its exception for itself': 'failed',
  'allows what does not happen': 'failed',
  'allows something else': 'failed',
  'allows by a comment that is wrong': 'failed',
  'lets the error of a wrong comment through': 'failed',
  'allows without a reason': 'passed',
  'is safe beside an unsafe hook': 'passed',
  'skips itself after the harm': 'skipped',
  'allows one call': 'passed',
  'allows one text': 'passed',
  'allows a call that needs it no more': 'passed',
  'allows a text that needs it no more': 'passed',
  'is safe, and its file allows too much': 'passed',
  'is safe behind a hostile pooler': 'passed',
  'fires a trigger that sets a setting': 'failed',
  'calls a function that takes a lock': 'failed',
  'allows what a function does': 'passed',
  'expects what a function does': 'passed',
  'is safe after all that': 'passed',
  'sends what is repaired': 'passed',
  'sends what has no exact repair': 'failed',
  'sends SET outside of a transaction, where nothing is repaired': 'failed',
}

let postgres: SharedPostgres
let threads: Finished
let forks: Finished

beforeAll(async () => {
  postgres = await sharedPostgres()
  threads = await runFixtures(postgres.url, { times: 1, config: { pool: 'threads' }, isReported: true })
  // Twice, as in watch mode, and with what lives longest: one process, which keeps its modules.
  forks = await runFixtures(postgres.url, {
    times: 2,
    config: { pool: 'forks', isolate: false, maxWorkers: 1 },
    isReported: false,
  })
})

afterAll(() => postgres.stop())

function messagesOf(run: Finished, test: string): readonly string[] {
  return run.tests.get(test)?.messages ?? []
}

function statusesOf(run: Finished): unknown {
  return Object.fromEntries([...run.tests].map(([name, { status }]) => [name, status]))
}

describe('each test answers for what it sent', () => {
  it('in threads', () => {
    expect(statusesOf(threads)).toEqual(statuses)
  })

  it('in forks that keep their modules, and again when the tests are run again', () => {
    expect(statusesOf(forks)).toEqual(statuses)
  })

  it('fails with the report of the statement, although the application kept the error to itself', () => {
    expect(messagesOf(threads, 'keeps the error to itself')).toEqual([expect.stringMatching(unsafe)])
    expect(messagesOf(threads, 'keeps the error to itself')[0]).toContain(place)
  })

  it('reports nothing twice', () => {
    expect(messagesOf(threads, 'lets the error through')).toEqual([
      expect.stringMatching(/^UnsafeStatementError: SET search_path/),
    ])
  })

  it('keeps concurrent tests apart', () => {
    expect(messagesOf(threads, 'at the same time sends SET')).toEqual([expect.stringMatching(unsafe)])
    expect(messagesOf(threads, 'at the same time sends LISTEN')).toEqual([expect.stringContaining('session/listen')])
  })

  it('says where a callback came from that lost its async context', () => {
    const [message] = messagesOf(threads, 'is called back on a connection that an earlier test opened')
    expect(message).toContain("started    by 'is safe', which had ended")
  })

  it('is not excused by a retry', () => {
    expect(messagesOf(threads, 'is unsafe in its first attempt alone')).toEqual([
      expect.stringMatching(unsafe),
      expect.stringMatching(unsafe),
    ])
  })

  it('leaves the file what modules, hooks and skipped tests sent', () => {
    const outside = threads.files.get('outside.fixture.ts')
    expect(outside?.status).toBe('failed')
    expect(outside?.messages[0]).toMatch(/^this file sent 3 statements[^]*No test is held to account/)
    expect(outside?.messages[0]).toMatch(/session\/set[^]*times {6}2[^]*session\/listen/)
  })
})

describe('state that the hostile pooler sees', () => {
  it('is held against the test that ran, with the statement that led to it', () => {
    const [trigger] = messagesOf(threads, 'fires a trigger that sets a setting')
    expect(trigger).toMatch(
      /setting app\.item was left by the transaction[^]*\(session\/set\)\n +statement +INSERT INTO hidden\.prices[^]*instead +in the function/,
    )
    expect(trigger).not.toContain('what it did with the error')
    const [lock] = messagesOf(threads, 'calls a function that takes a lock')
    expect(lock).toMatch(/advisory lock[^]*\(session\/advisory-lock\)\n +statement +SELECT hidden\.claim\(\)/)
  })
})

describe('exceptions', () => {
  it('for a test fail it when nothing matched', () => {
    const unused = /allows session\/temp-object, and nothing was found[^]*the wrong rule[^]*exceptions\.fixture\.ts/
    expect(messagesOf(threads, 'allows something else')).toEqual([
      expect.stringMatching(unsafe),
      expect.stringMatching(unused),
    ])
  })

  it('for a file fail it when nothing matched', () => {
    expect(threads.files.get('unused.fixture.ts')?.status).toBe('failed')
    expect(threads.files.get('unused.fixture.ts')?.messages[0]).toContain('nobody listens any more')
    expect(threads.files.get('exceptions.fixture.ts')?.messages[0]).not.toContain('the whole file listens')
  })

  it('in the wrong form fail the test, although the application kept the error to itself', () => {
    expect(messagesOf(threads, 'allows by a comment that is wrong')).toEqual([
      expect.stringMatching(/^InvalidCommentError: .*it gives no reason/),
    ])
  })

  it('in the wrong form fail the test once, where the error came through', () => {
    expect(messagesOf(threads, 'lets the error of a wrong comment through')).toEqual([
      expect.stringMatching(/^InvalidCommentError: .*it gives no reason/),
    ])
  })

  it('by statement fail the file that did not need them', () => {
    expect(forks.files.get('statements.fixture.ts')?.status).toBe('failed')
    expect(forks.output).toContain('allow(…) allows session/listen, and nothing was found in this file')
    expect(forks.output).toContain('a comment poolsafe-allow allows session/set, and nothing was found in this file')
    expect(forks.output).not.toContain('this call is for the direct connection')
  })

  it('by statement fail the run where a reporter sees all of it', async () => {
    const run = await runFixtures(postgres.url, {
      times: 1,
      config: { include: ['statements.fixture.ts'] },
      isReported: true,
    })
    expect([run.exitCode, run.files.get('statements.fixture.ts')?.status]).toEqual([1, 'passed'])
    expect(run.output).toContain('allow(…) allows session/listen, and nothing was found in the whole run')
    expect(run.output).toMatch(
      /a comment poolsafe-allow allows session\/set,[^]*\n +by +.*statements\.fixture\.ts:\d+:\d+/,
    )
    expect(run.junit).toContain('<testsuite name="exceptions" tests="2" failures="2"')
    const { exceptions } = JSON.parse(run.json) as { exceptions: { reason: string; unused: string[] }[] }
    expect(exceptions.map(({ reason, unused }) => [reason, unused])).toEqual([
      ['this call is for the direct connection', []],
      ['the pool has one client', []],
      ['once it listened', ['session/listen']],
      ['once it was a SET', ['session/set']],
    ])
  })

  it('are not judged by a run that does not know', () => {
    expect(threads.output).not.toContain('in the whole run')
  })
})

describe('the summary', () => {
  it('ends the run of a reporter: rule, count, first place and remedy', () => {
    expect(threads.output.match(/^poolsafe: \d+ findings/gm)).toHaveLength(1)
    expect(threads.output).toMatch(
      / 19 findings in 17 tests\n +session\/set +14× +first at .*\n +in blame\.fixture.*\n +instead: SET LOCAL.*\n +session\/listen +4×/,
    )
    expect(threads.output).toContain('first by the statement SELECT hidden.claim()')
    expect(threads.output).toContain(`first at setTenant (test/integration/testing/strict/fixtures/${place}`)
  })

  it('ends each file without a reporter, with each run', () => {
    const heads = forks.output.match(/^poolsafe: .*/gm)
    expect(heads?.toSorted()).toEqual([
      'poolsafe: 2 findings in 2 tests',
      'poolsafe: 2 findings in 2 tests',
      'poolsafe: 2 findings in 2 tests',
      'poolsafe: 2 findings in 2 tests',
      'poolsafe: 3 findings in 1 test',
      'poolsafe: 3 findings in 1 test',
      'poolsafe: 4 findings in 4 tests',
      'poolsafe: 4 findings in 4 tests',
      'poolsafe: 8 findings in 8 tests',
      'poolsafe: 8 findings in 8 tests',
    ])
  })
})

describe('the files for CI', () => {
  interface Report {
    readonly testCount: number
    readonly findingCount: number
    readonly rules: readonly {
      readonly rule: string
      readonly count: number
      readonly first: { readonly place: string }
    }[]
    readonly tests: readonly {
      readonly file: string
      readonly test?: string
      readonly findings: readonly { readonly rule: string }[]
    }[]
  }

  it('are JSON by rule and by test', () => {
    const { testCount, findingCount, rules, tests } = JSON.parse(threads.json) as Report
    expect([testCount, findingCount]).toEqual([39, 19])
    expect(Object.fromEntries(rules.map(({ rule, count }) => [rule, count]))).toEqual({
      'session/advisory-lock': 1,
      'session/listen': 4,
      'session/set': 14,
    })
    expect(rules[0]?.first.place).toMatch(/application\.ts:\d+:\d+\)$/)
    const concurrent = tests.find(({ test }) => test === 'at the same time > sends LISTEN')
    expect([concurrent?.file, concurrent?.findings.map(({ rule }) => rule)]).toEqual([
      'blame.fixture.ts',
      ['session/listen'],
    ])
  })

  it('are JUnit, in which every test that failed has failed', () => {
    expect(threads.junit).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="poolsafe" tests="39" failures="20" errors="0" skipped="1">/,
    )
    expect(threads.junit).toMatch(
      /name="keeps the error to itself">\n +<failure type="session\/set" message="SET search_path stays/,
    )
    expect(threads.junit).toContain('name="at the same time &gt; sends nothing unsafe"/>')
    expect(threads.junit).toMatch(/name="fails for a reason of its own">\n +<failure type="AssertionError"/)
    expect(threads.junit).toMatch(/name="is known to be unsafe">\n +<system-out>/)
    expect(threads.junit).toMatch(/name="allows what does not happen">\n +<failure type="unused exception"/)
  })

  it('list what was repaired, which fails no test', () => {
    const { repairCount, tests } = JSON.parse(threads.json) as {
      readonly repairCount: number
      readonly tests: readonly { readonly test?: string; readonly repairs: readonly object[] }[]
    }
    expect(repairCount).toBe(3)
    const set = {
      rule: 'session/set',
      how: 'SET → SET LOCAL',
      statement: 'SET statement_timeout = ?',
      sent: 'SET LOCAL statement_timeout = ?',
      place: expect.stringContaining('repairs.fixture.ts'),
    }
    expect(tests.find(({ test }) => test === 'sends what has no exact repair')?.repairs).toEqual([set])
    expect(threads.output).toMatch(
      /poolsafe: 3 repairs\n {2}session\/set {2}SET → SET LOCAL {2}2× {2}first at .*repairs\.fixture/,
    )
  })

  it('hold no literal of a statement', () => {
    expect(threads.json + threads.junit).not.toMatch(/'tenant'|&apos;tenant|secret|9h/)
  })
})

describe('without Vitest', () => {
  it("fails the test of Node's own runner that sent the statement, and no other", async () => {
    const { exitCode, output } = await runProgram('node-test.ts', postgres.url)
    expect(exitCode).toBe(1)
    expect(output).toMatch(/✔ is safe \([^]*✖ keeps the error to itself \([^]*✔ is safe after one that was not \(/)
    expect(output).toMatch(/StrictModeError: the application sent a statement[^]*session\/set/)
  })
})
