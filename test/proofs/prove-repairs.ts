import { createGuard, poolers } from '@poolsafe/core'
import { guardClient } from '@poolsafe/pg'
import pg from 'pg'
import { probes } from '../support/session/snapshot.ts'
import { hold } from './experiment.ts'
import { repairScripts, type Line, type RepairScript } from './repair-scripts.ts'
import type { Company } from './run.ts'
import { connect, stageUrl, type Target } from './target.ts'

/** The user of these proofs. */
export const repairUser = 'repairs'

/** A repair that is not exact. */
export interface RepairFault {
  readonly script: string
  readonly target: string
  readonly fault: string
}

/** The repairs that were proved, and those that were not. */
export interface RepairProofs {
  readonly scripts: number
  readonly targets: readonly string[]
  /** The number of statements that were repaired. */
  readonly repaired: number
  readonly faults: readonly RepairFault[]
}

/**
 * Runs each script on a connection of its own, and repaired through every server. The answers must be equal: commands,
 * counts, columns, rows, notices, errors and their places. Afterwards a second client looks at every server connection.
 */
export async function proveRepairs({ direct, targets }: Company): Promise<RepairProofs> {
  const faults: RepairFault[] = []
  let repaired = 0
  for (const script of repairScripts) {
    const expected = await referenceOf(direct, script)
    for (const target of targets) {
      const proof = await prove(target, script, expected)
      repaired += proof.repaired
      faults.push(...proof.faults.map((fault) => ({ script: script.name, target: target.name, fault })))
    }
  }
  return { scripts: repairScripts.length, targets: targets.map(({ name }) => name), repaired, faults }
}

/** The answers that an application gets that has the server to itself. */
async function referenceOf(direct: Target, script: RepairScript): Promise<string[]> {
  const client = await connect(direct, repairUser)
  try {
    return await play(client, script)
  } finally {
    await client.end()
  }
}

async function prove(
  target: Target,
  script: RepairScript,
  expected: readonly string[],
): Promise<{ readonly repaired: number; readonly faults: string[] }> {
  const isDirect = target.profile.isDirect === true
  const guard = createGuard({
    mode: 'repair',
    pooler: isDirect ? poolers.strictest() : target.profile,
    logger: { warn() {} },
  })
  let repaired = 0
  guard.on('repaired', ({ repairs }) => void (repaired += repairs.length))
  const client = guardClient(new pg.Client({ connectionString: stageUrl(target, repairUser) }), guard)
  await client.connect()
  try {
    const before = isDirect ? await lookAt(client, script) : await lookEverywhere(target, script)
    const answers = await play(client, script)
    const after = isDirect ? await lookAt(client, script) : await lookEverywhere(target, script)
    return { repaired, faults: [...differences(expected, answers), ...leftovers(before, after)] }
  } finally {
    await client.end()
  }
}

function differences(expected: readonly string[], answers: readonly string[]): string[] {
  return expected.flatMap((answer, at) =>
    answer === answers[at] ? [] : [`expected ${answer}\n     got ${String(answers[at])}`],
  )
}

function leftovers(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [...after.difference(before)].map((fact) => `left: ${fact}`)
}

type Notice = Readonly<Partial<Record<'severity' | 'code' | 'message' | 'position', unknown>>>

/** Sends the transaction, and looks into the session after each statement. */
async function play(client: pg.Client, { lines, end = 'COMMIT', isUnseen }: RepairScript): Promise<string[]> {
  const notices: string[] = []
  const hear = ({ severity, code, message, position }: Notice): void =>
    void notices.push([severity, code, message, position].join(' '))
  client.on('notice', hear)
  const answers: string[] = []
  const look = probes(lines.flat().join(' '))
  for (const line of ['BEGIN', ...lines, ...(isUnseen ? [] : [look]), end]) {
    const answer = await wholeAnswerOf(client, line)
    answers.push(`${String(line === look ? 'session' : line)} → ${answer} ${notices.splice(0).join()}`)
  }
  client.off('notice', hear)
  return answers
}

async function wholeAnswerOf(client: pg.Client, line: Line): Promise<string> {
  const [text, ...values] = [line].flat() as [string, ...unknown[]]
  try {
    const result: pg.QueryArrayResult | pg.QueryArrayResult[] = await client.query({
      text,
      rowMode: 'array' as const,
      ...(values.length > 0 && { values }),
    })
    const shown = JSON.stringify(
      [result]
        .flat()
        .map(({ command, rowCount, rows, fields }) => [
          command,
          rowCount,
          fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
          rows as unknown,
        ]),
    )
    return withoutNamesOfPooler(shown)
  } catch (error) {
    const { code, message, position, detail, hint } = error as pg.DatabaseError
    return JSON.stringify({ code, message, position, detail, hint })
  }
}

/** A pooler's own prepared statements are no state of a client. */
function withoutNamesOfPooler(shown: string): string {
  return shown.replaceAll(/,?"(?:odyssey_pstmt|PGBOUNCER)_\d+"/g, '').replaceAll('[,', '[')
}

/** Looks at every server connection of the pooler, of which there are two. */
async function lookEverywhere(target: Target, script: RepairScript): Promise<ReadonlySet<string>> {
  const clients = await Promise.all([1, 2].map(() => connect(target, repairUser)))
  try {
    await Promise.all(clients.map(hold))
    const facts = await Promise.all(clients.map((client) => lookAt(client, script)))
    return facts.reduce((all, each) => all.union(each), new Set<string>())
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

async function lookAt(client: pg.Client, { lines }: RepairScript): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<Record<string, unknown>>(probes(lines.flat().join(' ')))
  const facts = Object.entries(rows[0] ?? {}).flatMap(([kind, value]) =>
    [value].flat().flatMap((each) => (each === null || each === undefined ? [] : [`${kind} ${JSON.stringify(each)}`])),
  )
  return new Set(facts.filter((fact) => withoutNamesOfPooler(fact) === fact))
}
