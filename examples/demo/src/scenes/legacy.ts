import { createGuard, type Guard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { night, sessionTasks, setup } from '../legacy/application.ts'
import type { Refusal, Scene, SceneResult } from '../scene.ts'
import type { Servers } from '../servers.ts'
import type { Stage } from '../stage.ts'
import { repeat } from '../traffic.ts'

const nights = 2
const locksHeld =
  "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"

export const legacyScene: Scene = {
  name: 'legacy',
  title: 'From findings to none with two lines (a legacy application)',
  story: [
    `A small legacy application: reports, tenants, exports and jobs. ${sessionTasks.length} of its ${night.length} tasks a night use the session; ${nights} nights are played.`,
    'Behind the pooler its tables, settings and locks stay on server connections that other clients use next.',
    "The guard gets two lines, and the application's code stays: mode: 'repair', and direct: DIRECT_URL.",
  ],
  async play(servers) {
    const harm = await playUnguarded(servers)
    const warned = await playWarned(servers)
    const repaired = await playRepaired(servers)
    return toResult(harm, warned, repaired)
  },
}

/** The results of the tasks of all nights. */
interface Outcome {
  readonly tasks: number
  readonly failed: number
  readonly wrong: number
  readonly locksLeft: number
}

async function run(pool: pg.Pool, stage: Stage): Promise<Outcome> {
  const all = Array.from({ length: nights }, () => night).flat()
  const results = await repeat(all.length, async (index) => {
    try {
      return (await all[index]?.(pool)) === true ? 'right' : 'wrong'
    } catch {
      return 'failed'
    }
  })
  const count = (wanted: string): number => results.filter((result) => result === wanted).length
  // While its connections are open: what is left on them is not the work of a reset.
  const locksLeft = await stage.count(locksHeld)
  return { tasks: all.length, failed: count('failed'), wrong: count('wrong'), locksLeft }
}

function openPool(stage: Stage): pg.Pool {
  return new pg.Pool({ connectionString: stage.pooledUrl, max: 8 })
}

async function playUnguarded(servers: Servers): Promise<Outcome> {
  const stage = await servers.openStage(setup)
  const pool = openPool(stage)
  const outcome = await run(pool, stage)
  await pool.end()
  await stage.close()
  return outcome
}

interface Warned {
  /** Findings in the log: one for each statement and rule. */
  readonly findings: number
  /** The first finding of each rule. */
  readonly first: readonly Refusal[]
}

async function playWarned(servers: Servers): Promise<Warned> {
  const stage = await servers.openStage(setup)
  const byRule = new Map<string, Refusal>()
  let findings = 0
  const logger = { warn: (line: string) => void (line.includes('\n  instead ') && findings++) }
  const guard = createGuard({ pooler: servers.profile, logger })
  guard.on('finding', ({ findings: [{ rule, instead }], message }) => {
    if (!byRule.has(rule)) byRule.set(rule, { rule, instead, message })
  })
  const pool = guardPool(openPool(stage), guard)
  await run(pool, stage)
  await pool.end()
  await stage.close()
  return { findings, first: [...byRule.values()] }
}

interface Repaired extends Outcome {
  readonly findings: number
  readonly repaired: number
  readonly moved: number
}

/** With the two lines: `mode: 'repair'` and `direct`. */
async function playRepaired(servers: Servers): Promise<Repaired> {
  const stage = await servers.openStage(setup)
  const guard = createGuard({ pooler: servers.profile, mode: 'repair', logger: { warn: () => {} } })
  const pool = guardPool(openPool(stage), guard, { direct: stage.directUrl })
  const outcome = await run(pool, stage)
  const counts = countsOf(guard)
  await pool.end()
  await stage.close()
  return { ...outcome, ...counts }
}

function countsOf(guard: Guard): Pick<Repaired, 'findings' | 'repaired' | 'moved'> {
  const { findings, repairedFindings, movedFindings } = guard.stats()
  const sum = (byRule: object): number => (Object.values(byRule) as number[]).reduce((all, each) => all + each, 0)
  return { findings: sum(findings), repaired: sum(repairedFindings), moved: sum(movedFindings) }
}

function toResult(harm: Outcome, warned: Warned, repaired: Repaired): SceneResult {
  const bad = repaired.failed + repaired.wrong
  return {
    figures: {
      tasks: harm.tasks,
      tasksThatFailed: harm.failed,
      tasksThatWereWrong: harm.wrong,
      locksLeft: harm.locksLeft,
      findings: warned.findings,
      findingsWithTwoLines: repaired.findings,
      repaired: repaired.repaired,
      moved: repaired.moved,
      tasksThatFailedOrWereWrongWithTwoLines: bad,
      locksLeftWithTwoLines: repaired.locksLeft,
    },
    harm: `of ${harm.tasks} tasks ${harm.failed} failed, ${harm.wrong} were wrong; ${harm.locksLeft} locks left`,
    guarded: `${warned.findings} findings in the log, each statement and rule once`,
    safe: `${repaired.findings} findings: ${repaired.repaired} statements repaired, ${repaired.moved} checkouts moved; ${bad} of ${repaired.tasks} tasks failed or wrong, ${repaired.locksLeft} locks left`,
    refusals: warned.first,
    held:
      harm.failed + harm.wrong > 0 &&
      harm.locksLeft > 0 &&
      warned.findings >= 200 &&
      repaired.findings + bad + repaired.locksLeft === 0 &&
      repaired.repaired > 0 &&
      repaired.moved > 0,
  }
}
