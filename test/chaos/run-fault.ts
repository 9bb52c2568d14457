import type { PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Answer, Command } from './application/application.ts'
import { startApplication, type Application, type Kind } from './applications.ts'
import { Proxy } from '../support/servers/proxy.ts'
import { connectAdmin, startPooler } from './servers.ts'
import { ofApplications, type Fault, type Stage } from './stage.ts'

/** What became of one application that met a fault. */
export interface Outcome {
  readonly fault: string
  readonly application: string
  readonly committed: number
  readonly failures: Readonly<Record<string, number>>
  readonly untyped: readonly string[]
  /** Rows that were committed, as the application was told, and are not there. */
  readonly lost: number
  /** Rows that are there more than once. */
  readonly twice: number
  /** Until every caller had a success again, from the end of the fault on; `undefined` if that did not come. */
  readonly recoveredMillis: number | undefined
  /** Connections that were left behind, and calls that never ended, by their form. */
  readonly stuck: readonly string[]
  /** What the process last said, if it has ended. */
  readonly died: string | undefined
}

const patienceMillis = 30_000

/** Runs applications before, during and after a fault. */
export async function runFault(server: PostgresServer, fault: Fault, kinds: readonly Kind[]): Promise<Outcome[]> {
  const admin = await connectAdmin(server)
  await admin.query('TRUNCATE written')
  const pooler = fault.isPooled === true ? await startPooler(server, fault.pooler) : undefined
  const proxy = new Proxy(pooler?.port ?? server.port)
  await proxy.open()
  const applications = await Promise.all(kinds.map((kind) => startApplication(kind, proxy.port)))
  const stage: Stage = { server, proxy, admin, applications, pooler, sessions: (state) => countSessions(admin, state) }
  try {
    await together(applications, { do: 'recovered' })
    await together(applications, { do: 'pose', pose: fault.pose ?? 'busy' })
    await sleep(200)
    const end = await fault.cause(stage)
    await end()
    await together(applications, { do: 'pose', pose: 'busy' })
    return await Promise.all(applications.map((application) => judge(server, fault, application)))
  } finally {
    for (const application of applications) application.kill()
    await proxy.close()
    await stage.pooler?.stop()
    await admin.end()
  }
}

/** What an application that has ended cannot do any more, its outcome tells. */
async function together(applications: readonly Application[], command: Command): Promise<void> {
  await Promise.all(applications.map((application) => inTime(application, command)))
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

async function judge(server: PostgresServer, fault: Fault, application: Application): Promise<Outcome> {
  const recovered = await inTime(application, { do: 'recovered' })
  const ended = await inTime(application, { do: 'end' })
  const seen = isAnswer(ended, 'end') ? ended.seen : { committed: [], failures: {}, untyped: [] }
  const times = await rowsOf(server, application)
  return {
    fault: fault.name,
    application: application.name,
    committed: seen.committed.length,
    failures: seen.failures,
    untyped: seen.untyped.filter((error) => fault.brings === undefined || !error.includes(fault.brings)),
    lost: seen.committed.filter((id) => !times.has(`${application.user}/${id}`)).length,
    twice: [...times.values()].filter((count) => count > 1).length,
    recoveredMillis: isAnswer(recovered, 'recovered') ? recovered.afterMillis : undefined,
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

async function rowsOf(server: PostgresServer, { user }: Application): Promise<ReadonlyMap<string, number>> {
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

/** Whether nothing is lost, stuck or without a name. */
export function isGood(
  { lost, twice, untyped, stuck, died, recoveredMillis = Infinity }: Outcome,
  recoveryMillis: number,
): boolean {
  return lost + twice + untyped.length + stuck.length === 0 && died === undefined && recoveredMillis <= recoveryMillis
}
