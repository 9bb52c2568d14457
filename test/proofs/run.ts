import type { Outcome, RuleId } from '@poolsafe/core'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { isError } from '../support/session/answer.ts'
import { perform, refer, type Reference, type Seen } from './experiment.ts'
import type { Facts } from './facts.ts'
import { Play, type Scene } from './play.ts'
import { verdict, type Subject } from './subjects.ts'
import { connect, type Target } from './target.ts'

/** The observation of one example on one server, and the guard's verdict. */
export interface Result {
  readonly rule: RuleId
  readonly sql: string
  readonly isSafe: boolean
  readonly target: string
  readonly seen: Seen
  /** The outcome of the finding; `undefined` where there is none. */
  readonly outcome: Outcome | undefined
  /** The contradiction between observation and verdict, or between verdict and rule. `undefined` if all agree. */
  readonly contradiction: string | undefined
}

/** The participants. */
export interface Company {
  /** The server itself. */
  readonly direct: Target
  /** All servers, the server itself among them. */
  readonly targets: readonly Target[]
  /** The owner of the stage. */
  readonly owner: string
}

const pollMillis = 2

/** Rules whose examples share a sequence, a table or locks are in the same lane: they are run one after the other. */
const firstLane =
  /^session\/(set|set-config|role|characteristics|dblink|foreign-connection|extension-setting|hypothetical-index|package-state|listen)$/

/** Runs every subject on every server. */
export async function run(subjects: readonly Subject[], company: Company): Promise<Result[]> {
  const lanes = [true, false].map((isFirst) => subjects.filter(({ rule }) => firstLane.test(rule) === isFirst))
  const results = await Promise.all(lanes.map((lane) => runLane(lane, company)))
  return results.flat()
}

async function runLane(subjects: readonly Subject[], company: Company): Promise<Result[]> {
  const results: Result[] = []
  const harmful = new Map<string, Facts>()
  const admin = await connect(company.direct, company.owner)
  try {
    for (const subject of subjects) results.push(...(await runSubject(subject, company, admin, harmful)))
  } finally {
    await admin.end()
  }
  return results
}

async function runSubject(
  subject: Subject,
  company: Company,
  admin: pg.Client,
  harmful: Map<string, Facts>,
): Promise<Result[]> {
  const results: Result[] = []
  const reference = await referOrFail(subject, company.direct)
  await tidy(admin, subject.user, subject.given.undo)
  remember(subject, reference, harmful)
  const told = subject.asks === undefined ? undefined : harmful.get(subject.asks)
  for (const target of company.targets) {
    results.push(await prove(target, subject, told === undefined ? reference : { ...reference, harmful: told }))
    await tidy(admin, subject.user, subject.given.undo)
  }
  return results
}

/** An example that fails where nothing comes between shows nothing. */
async function referOrFail(subject: Subject, direct: Target): Promise<Reference> {
  const { text, given } = subject
  const reference = await refer(direct, subject).catch((cause: unknown) => {
    throw new Error(`${text}: its circumstances cannot be made`, { cause })
  })
  if (given.refused === undefined ? isError(reference.answer) : reference.answer !== `error ${given.refused}`) {
    throw new Error(`${text}: PostgreSQL answers ${reference.answer}`)
  }
  return reference
}

/** The answers to a rule's question for its unsafe examples, to compare the safe ones with. */
function remember(
  { given: { look, does = 'leaves' } }: Subject,
  { left, prepared }: Reference,
  harmful: Map<string, Facts>,
): void {
  if (look !== undefined) harmful.set(look, (harmful.get(look) ?? new Set()).union(does === 'leaves' ? left : prepared))
}

async function prove(target: Target, subject: Subject, reference: Reference): Promise<Result> {
  const seen = await perform(target, subject, reference).catch((cause: unknown) => {
    throw new Error(`${subject.text} cannot be seen on ${target.name}`, { cause })
  })
  const { outcome, rules } = verdict(subject, target.profile)
  const { rule, sql, isSafe } = subject
  const others = rules.filter((each) => each !== rule)
  const contradiction =
    others.length > 0 ? `another rule speaks: ${others.join(', ')}` : contradictionOf(isSafe, seen, outcome)
  return { rule, sql, isSafe, target: target.name, seen, outcome, contradiction }
}

function contradictionOf(isSafe: boolean, seen: Seen, outcome: Outcome | undefined): string | undefined {
  if (seen === 'refused') return undefined
  if (isSafe && outcome !== undefined) return `the remedy is found: ${outcome}`
  return agree(seen, outcome) ? undefined : `seen: ${seen}; said: ${outcome ?? 'nothing'}`
}

/**
 * Outcomes in which the state is gone when the transaction ends, and no other client sees it. Either word may describe
 * them.
 */
const gone: ReadonlySet<string> = new Set(['wiped', 'ineffective'])

function agree(seen: Seen, outcome: Outcome | undefined): boolean {
  const isSilent = seen === 'none' || seen === 'unsaid'
  if (isSilent || outcome === undefined) return isSilent && outcome === undefined
  return outcome === 'unknown' || seen === outcome || (gone.has(seen) && gone.has(outcome))
}

/** Plays every scene on every server, the harm and the remedy. */
export async function playAll(scenes: readonly Scene[], company: Company): Promise<Result[]> {
  const results: Result[] = []
  const admin = await connect(company.direct, company.owner)
  for (const [index, scene] of scenes.entries()) {
    for (const target of company.targets) {
      const { rule, unsafe, safe, harm, remedy, verdict: said = (play: Play) => play.told(rule) } = scene
      const plays = [
        new Play(target, company.direct, sceneUser(index, false)),
        new Play(target, company.direct, sceneUser(index, true)),
      ] as const
      const [harmSeen, remedySeen] = [await played(plays[0], harm, admin), await played(plays[1], remedy, admin)]
      const ofHarm = { seen: harmSeen, outcome: said(plays[0]) }
      const ofRemedy = { seen: remedySeen, outcome: plays[1].told(rule) }
      const contradictions = [
        contradictionOf(false, harmSeen, ofHarm.outcome),
        contradictionOf(true, remedySeen, ofRemedy.outcome),
      ]
      results.push({
        rule,
        target: target.name,
        sql: unsafe,
        isSafe: false,
        ...ofHarm,
        contradiction: contradictions[0],
      })
      results.push({
        rule,
        target: target.name,
        sql: safe,
        isSafe: true,
        ...ofRemedy,
        contradiction: contradictions[1],
      })
    }
  }
  await admin.end()
  return results
}

async function played(play: Play, script: (play: Play) => Promise<Seen>, admin: pg.Client): Promise<Seen> {
  const seen = await script(play).finally(() => play.end())
  await tidy(admin, play.user, [`DELETE FROM orders WHERE item = '${play.user}'`])
  return seen
}

/** A pool whose server connections were ended is not used again: harm and remedy have a user each. */
function sceneUser(index: number, isSafe: boolean): string {
  return `scene_${index}_${isSafe ? 'remedy' : 'harm'}`
}

/** The users of the scenes. */
export function sceneUsers(scenes: readonly Scene[]): string[] {
  return scenes.flatMap((_scene, index) => [sceneUser(index, false), sceneUser(index, true)])
}

/** Ends the server connections of one user, so that locks and slots are free, and drops what it created. */
async function tidy(admin: pg.Client, user: string, undo: readonly string[] = []): Promise<void> {
  const mine = `FROM pg_stat_activity WHERE usename = '${user}'`
  await admin.query(`SELECT pg_terminate_backend(pid) ${mine}`)
  while ((await admin.query(`SELECT 1 ${mine}`)).rows.length > 0) await sleep(pollMillis)
  await admin.query([`DROP OWNED BY ${user}`, `ALTER ROLE ${user} RESET ALL`, ...undo].join(';'))
}
