import type pg from 'pg'
import { wholeAnswer } from '../support/session/answer.ts'
import { probes } from '../support/session/snapshot.ts'
import type { Subject } from './subjects.ts'

/** The facts that a client sees about its session, one sentence each. */
export type Facts = ReadonlySet<string>

/** The answer to the subject's own question, or all that can be seen of a session. */
export async function lookAt(client: pg.Client, { text, given }: Subject): Promise<Facts> {
  if (given.look !== undefined) return new Set([await wholeAnswer(client, given.look)])
  const { rows } = await client.query<Record<string, unknown>>(probes([text, ...(given.values ?? [])].join(' ')))
  const facts = Object.entries(rows[0] ?? {}).flatMap(([kind, value]) =>
    [value].flat().flatMap((each) => (each === null || each === undefined ? [] : [`${kind} ${JSON.stringify(each)}`])),
  )
  return new Set(facts)
}
