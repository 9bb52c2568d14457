import { startHostilePooler } from '@poolsafe/testing/hostile'
import { startPgBouncer, type PgBouncerServer } from '@poolsafe/testing/servers'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'
import { describeCallSite } from './describe-call-site.ts'
import { pathOf, register, runApplication, runFailing, split } from './run-application.ts'

export interface Subject {
  readonly name: string
  /** The rules that the ORM itself breaks, with what it sends. */
  readonly own?: readonly (readonly [rule: string, statement: RegExp])[]
  /** The options in the application stop it. */
  readonly isTameable?: true
  /** It does not work behind a pooler without these options. */
  readonly needsTaming?: true
  /** No wiring by hand, or one that does not see what the ORM sends itself. */
  readonly byHand?: 'none' | 'blind'
  /**
   * The place that the planted statement's report names: the application's file, its exact line, or none. @default
   * 'file'
   */
  readonly callSite?: 'line' | 'unknown'
}

/**
 * Describes an ORM as a small application, behind PgBouncer and behind the hostile pooler, as it is, with the register,
 * and wired by hand. docs/orms.md says what is asserted here. Each ORM has a file of its own, so that workers share
 * them.
 */
export function describeOrm(subject: Subject): void {
  let target: SharedPostgres
  beforeAll(async () => {
    target = await sharedPostgres()
    return () => target.stop()
  })

  describePgBouncer(subject, () => target)

  it('fails with the register as it does without: the same error, the same exit code', async () => {
    const env = tamingOf(subject)
    const [plain, registered] = await Promise.all([
      runFailing(pathOf(subject.name), target, [], env),
      runFailing(pathOf(subject.name), target, register, env),
    ])
    expect(plain.code).toBe(1)
    expect(plain.stdout).toContain('column \\"missing\\" does not exist')
    expect(registered).toEqual(plain)
  })

  it('sends what docs/orms.md says, and leaves behind the hostile pooler what the register names', () =>
    expectOwnStatements(subject, target))

  if (subject.isTameable) {
    it('sends nothing unsafe by itself with the option that docs/orms.md names', async () => {
      const { findings } = await runApplication(pathOf(subject.name), target, register, { TAME: 'true' })
      expect(split(findings).own).toEqual([])
    })
  }

  if (subject.callSite === 'line') describeCallSite(subject.name, () => target)
}

function tamingOf({ needsTaming }: Subject): NodeJS.ProcessEnv {
  return needsTaming ? { TAME: 'true' } : {}
}

function describePgBouncer(subject: Subject, target: () => SharedPostgres): void {
  const { name, byHand, callSite } = subject
  let pgBouncer: PgBouncerServer
  beforeAll(async () => {
    pgBouncer = await startPgBouncer({ target: target() })
  })
  afterAll(() => pgBouncer.stop())

  it('gives the same results behind PgBouncer with the register, by hand, and without', async () => {
    const tame = tamingOf(subject)
    const run = (args: readonly string[], env: NodeJS.ProcessEnv = tame) =>
      runApplication(pathOf(name), pgBouncer, args, env)
    const [plain, registered, wired] = await Promise.all([
      run([]),
      run(register),
      byHand === 'none' ? undefined : run([], { ...tame, WIRED: 'hand' }),
    ])
    expect(plain.findings).toEqual([])
    expect(registered.results).toEqual(plain.results)
    if (wired !== undefined) expect(wired.results).toEqual(plain.results)
    for (const { findings } of wired === undefined ? [registered] : [registered, wired]) {
      expect(split(findings).planted).toMatchObject([{ rule: 'session/set' }])
      if (callSite !== 'unknown') expect(split(findings).planted[0]?.place).toContain(`${pathOf(name)}:`)
    }
    if (wired !== undefined && byHand === 'blind') expect(split(wired.findings).own).toEqual([])
  })
}

async function expectOwnStatements(subject: Subject, target: SharedPostgres): Promise<void> {
  const { name, own = [], needsTaming } = subject
  const hostile = await startHostilePooler({ target })
  onTestFinished(() => hostile.stop())
  const { findings } = await runApplication(pathOf(name), hostile, register, tamingOf(subject))
  const states = (await hostile.reports()).flatMap((report) => report.states)
  expect(states.map(({ rule, object }) => `${rule} ${object}`)).toContain('session/set app.tenant')
  expect(states.filter(({ rule }) => !findings.some((found) => found.rule === rule))).toEqual([])
  const untamed = needsTaming ? await runApplication(pathOf(name), target, register) : { findings }
  const sent = split(untamed.findings).own
  expect(new Set(sent.map(({ rule }) => rule))).toEqual(new Set(own.map(([rule]) => rule)))
  for (const { rule, statement } of sent) expect(statement).toMatch(own.find(([id]) => id === rule)?.[1] ?? /^$/)
}
