import type { PgBouncerServer, PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Answer, Command } from './application/application.ts'
import { movingLayers, startApplication, type Application, type Kind } from './applications.ts'
import { knownCrash } from '../support/servers/pooler-crashes.ts'
import { Proxy } from '../support/servers/proxy.ts'
import { connectAdmin, startPooler, startServer } from './servers.ts'
import { ofApplications, type Fault, type Stage } from './stage.ts'

/** The result of one application that met a fault. */
export interface Outcome {
  readonly fault: string
  readonly application: string
  readonly committed: number
  readonly failures: Readonly<Record<string, number>>
  readonly untyped: readonly string[]
  /** Rows whose COMMIT the server confirmed to the application, and that are missing. */
  readonly lost: number
  /** Rows that are there more than once. */
  readonly twice: number
  /** Until every caller had a success again, from the end of the fault on; `undefined` if that did not come. */
  readonly recoveredMillis: number | undefined
  /** Connections that were left behind, and calls that never ended, by their form. */
  readonly stuck: readonly string[]
  /** The last lines of the process, if it has ended. */
  readonly died: string | undefined
  /** The same as {@link recoveredMillis} without a fault, just before it: what the machine takes for a round. */
  readonly roundMillis: number | undefined
  /** See {@link Fault.unnoticedMillis}. */
  readonly unnoticedMillis: number
}

const patienceMillis = 30_000

/** Debian's PgBouncer 1.18 may crash when a CancelRequest arrives: that is another fault than the one that is tried. */
const mostAttempts = 5

/** Runs applications before, during and after a fault, again if PgBouncer crashed of its own bug. */
export async function runFault(shared: PostgresServer, fault: Fault, kinds: readonly Kind[]): Promise<Outcome[]> {
  for (let attempt = 1; ; attempt++) {
    const poolers = new Set<PgBouncerServer>()
    const outcomes = await runOnce(shared, fault, kinds, poolers).catch((error: unknown) => error as Error)
    const crash = [...poolers].map(knownCrash).find((line) => line !== undefined)
    if (crash !== undefined && attempt < mostAttempts) {
      console.log(`${fault.name}: runs again, because PgBouncer crashed: ${crash}`)
    } else if (outcomes instanceof Error) {
      throw outcomes
    } else {
      return outcomes
    }
  }
}

/** @param poolers gets each PgBouncer that ran */
async function runOnce(
  shared: PostgresServer,
  fault: Fault,
  kinds: readonly Kind[],
  poolers: Set<PgBouncerServer>,
): Promise<Outcome[]> {
  const own = fault.hasOwnServer === true ? await startServer() : undefined
  const server = own ?? shared
  const admin = await connectAdmin(server)
  await admin.query('TRUNCATE written')
  const isDirect = fault.isDirect === true
  const pooler = fault.isPooled === true || isDirect ? await startPooler(server, fault.pooler) : undefined
  const proxy = new Proxy(isDirect ? server.port : (pooler?.port ?? server.port))
  await proxy.open()
  const start = (kind: Kind): Promise<Application> =>
    pooler !== undefined && isDirect
      ? startApplication(kind, pooler.port, proxy.port)
      : startApplication(kind, proxy.port)
  const applications = await Promise.all(
    kinds.filter(({ layer }) => !isDirect || movingLayers.includes(layer)).map(start),
  )
  const sessions = (state: string): Promise<number> => countSessions(admin, state)
  const stage: Stage = { server, proxy, admin, applications, pooler, successor: undefined, sessions }
  try {
    await together(applications, { do: 'recovered' })
    const rounds = await together(applications, { do: 'recovered' })
    await together(applications, { do: 'pose', pose: fault.pose ?? 'busy' })
    await sleep(200)
    const end = await fault.cause(stage)
    await end()
    await together(applications, { do: 'pose', pose: 'busy' })
    return await Promise.all(applications.map((each, index) => judge(stage, fault, each, rounds[index])))
  } finally {
    for (const application of applications) application.kill()
    await proxy.close()
    for (const each of [pooler, stage.pooler]) if (each !== undefined) poolers.add(each)
    await stage.pooler?.stop()
    await admin.end()
    await stage.successor?.stop()
    await own?.stop()
  }
}

/** Sends a command to all applications. An ended one cannot answer; its outcome says so. */
async function together(
  applications: readonly Application[],
  command: Command,
): Promise<(Answer | Error | undefined)[]> {
  return Promise.all(applications.map((application) => inTime(application, command)))
}

async function inTime(application: Application, command: Command): Promise<Answer | Error | undefined> {
  const deadline = new AbortController()
  const answer = application.ask(command).catch((error: unknown) => error as Error)
  const result = await Promise.race([
    answer,
    sleep(patienceMillis, undefined, { signal: deadline.signal }).catch(() => undefined),
  ])
  deadline.abort()
  return result
}

async function judge(
  { server, successor }: Stage,
  fault: Fault,
  application: Application,
  round: Answer | Error | undefined,
): Promise<Outcome> {
  const recovered = await inTime(application, { do: 'recovered' })
  const ended = await inTime(application, { do: 'end' })
  const seen = isAnswer(ended, 'end') ? ended.seen : { committed: [], failures: {}, untyped: [] }
  const times = await rowsOf(successor ?? server, application)
  return {
    fault: fault.name,
    application: application.name,
    committed: seen.committed.length,
    failures: seen.failures,
    untyped: seen.untyped.filter((error) => fault.brings === undefined || !error.includes(fault.brings)),
    lost: seen.committed.filter((id) => !times.has(`${application.user}/${id}`)).length,
    twice: [...times.values()].filter((count) => count > 1).length,
    recoveredMillis: isAnswer(recovered, 'recovered') ? recovered.afterMillis : undefined,
    roundMillis: isAnswer(round, 'recovered') ? round.afterMillis : undefined,
    unnoticedMillis: fault.unnoticedMillis ?? 0,
    stuck: await stuckIn(application, ended),
    died: [recovered, ended].find((answer) => answer instanceof Error)?.message,
  }
}

async function stuckIn(application: Application, ended: Answer | Error | undefined): Promise<readonly string[]> {
  if (isAnswer(ended, 'end')) return ended.left === 0 ? [] : [`${ended.left} connections`]
  const answer = ended === undefined ? await inTime(application, { do: 'underway' }) : undefined
  return isAnswer(answer, 'underway') ? answer.forms : []
}

function isAnswer<Did extends Answer['did']>(
  answer: Answer | Error | undefined,
  did: Did,
): answer is Extract<Answer, { did: Did }> {
  return answer !== undefined && 'did' in answer && answer.did === did
}

async function rowsOf(
  server: Pick<PostgresServer, 'url'>,
  { user }: Application,
): Promise<ReadonlyMap<string, number>> {
  const admin = await connectAdmin(server)
  const { rows } = await admin.query<{ id: string; times: number }>(
    'SELECT id, count(*)::int AS times FROM written WHERE starts_with(id, $1) GROUP BY id',
    [`${user}/`],
  )
  await admin.end()
  return new Map(rows.map(({ id, times }) => [id, times]))
}

async function countSessions(admin: pg.Client, state: string): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE ${ofApplications} AND state = $1`,
    [state],
  )
  return rows[0]?.count ?? 0
}

/** How long recovery may take on a machine that does nothing else. */
const quietRecoveryMillis = 2000
/** Every call opens a connection anew, and takes its turn among those of the other applications. */
const roundsOfRecovery = 8

/** The longest that recovery may take: 2 s, and more on a machine that is busy, as the round before the fault shows. */
export function recoveryLimit({ roundMillis = 0, unnoticedMillis }: Outcome): number {
  return quietRecoveryMillis + unnoticedMillis + roundsOfRecovery * roundMillis
}

/** Returns true if nothing is lost, stuck or without a name, and calls succeed again in time. */
export function isGood(outcome: Outcome): boolean {
  const { lost, twice, untyped, stuck, died, recoveredMillis = Infinity } = outcome
  const isRecovered = recoveredMillis <= recoveryLimit(outcome)
  return lost + twice + untyped.length + stuck.length === 0 && died === undefined && isRecovered
}
